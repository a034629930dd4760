// Finds the source line of a relocation. The compiler hoists immediates, so the nearest record may belong to another statement.
import type { LineInfo } from '../btf/ext.ts';
import type { SourceLine } from './places.ts';
import { INSN_BYTES, lastAtMost, type ObjectFunction } from './functions.ts';

/** The number of records before and after the instruction that are searched. */
const NEAR = 512;
const IDENTIFIER = /[A-Za-z_]\w*/g;

/** Splits the line records of a section by function, in instruction order. */
export function linesByFunction(lines: readonly LineInfo[]): (owner: ObjectFunction) => readonly LineInfo[] {
  const sorted = lines.toSorted((a, b) => a.insnOffset - b.insnOffset);
  const upTo = (offset: number) => lastAtMost(sorted, offset, (line) => line.insnOffset) + 1;
  const known = new Map<ObjectFunction, readonly LineInfo[]>();
  return (owner) => {
    const start = owner.insnOffset * INSN_BYTES;
    const own = known.get(owner) ?? sorted.slice(upTo(start - 1), upTo(start + owner.insns * INSN_BYTES - 1));
    known.set(owner, own);
    return own;
  };
}

/** The source line of an instruction of a program or subprogram; null if it is unknown. */
export type LineOf = (program: string, insn: number) => SourceLine | null;

/** Finds the lines of instructions at which the verifier stops. These are no hoisted immediates, so the record at each one is right. */
export function instructionLines(functions: readonly ObjectFunction[], lines: ReadonlyMap<string, readonly LineInfo[]>): LineOf {
  const byName = new Map(functions.map((each) => [each.name, each]));
  const sections = new Map<string, ReturnType<typeof linesByFunction>>();
  const linesOf = (owner: ObjectFunction) => {
    const known = sections.get(owner.section) ?? linesByFunction(lines.get(owner.section) ?? []);
    sections.set(owner.section, known);
    return known(owner);
  };
  return (program, insn) => {
    const owner = byName.get(program);
    if (!owner || insn < 0 || insn >= owner.insns) return null;
    const own = linesOf(owner);
    const line = own[lastAtMost(own, (owner.insnOffset + insn) * INSN_BYTES, (each) => each.insnOffset)];
    return line ? toSource(line, true) : null;
  };
}

/** The word that the right line contains: the last member, the enumerator or the type. */
function telling(access: string): string | null {
  return access.match(IDENTIFIER)?.at(-1) ?? null;
}

/** Matches a name with the text before it, but not a function call; a member is not declared where it is read. */
const NAMED = /(?<=(\S|^)\s{0,64})\b([A-Za-z_]\w*)\b(?!\s*\()/g;
const DECLARES = /[\w*)\]"]/;

function names(line: LineInfo, word: string, isMember: boolean): boolean {
  if (!line.text.includes(word)) return false;
  return [...line.text.matchAll(NAMED)].some(([, before = '', name]) => name === word && !(isMember && DECLARES.test(before)));
}

function toSource(line: LineInfo, exact: boolean): SourceLine {
  return { file: line.file, line: line.line, text: line.text, exact };
}

/**
 * The source line of an instruction, from the line records of its function in instruction order. If the record at the instruction
 * does not name the access, the nearest record that names it is used. If no record does, the result is the one at the instruction, not `exact`.
 * @param access as a person writes it: `task_struct.mm`, `enum x::Y`, `struct task_struct`
 */
export function sourceLine(lines: readonly LineInfo[], insnOffset: number, access: string): SourceLine | null {
  const at = lastAtMost(lines, insnOffset, (line) => line.insnOffset);
  const here = lines[Math.max(at, 0)];
  if (!here) return null;
  const word = telling(access);
  if (word === null) return toSource(here, false);
  const isMember = /^\w+[.[]/.test(access);
  if (names(here, word, isMember)) return toSource(here, true);
  const following = lines.slice(at + 1, at + 1 + NEAR).find((line) => names(line, word, isMember));
  const preceding = lines.slice(Math.max(at - NEAR, 0), Math.max(at, 0)).findLast((line) => names(line, word, isMember));
  const found = following ?? preceding;
  return found ? toSource(found, true) : toSource(here, false);
}
