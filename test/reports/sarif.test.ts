// Tests of SARIF reports with the published schema of SARIF 2.1.0.
import schema from '@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json' with { type: 'json' };
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { createLogStore } from '../../harness/results/logs.ts';
import type { Results } from '../../harness/results/schema.ts';
import { renderSarif } from '../../reports/sarif.ts';
import { HOSTILE_SAMPLE } from './hostile.ts';
import { SAMPLE } from './sample.ts';

const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
// The schema is of draft 4. Ajv reads it as draft 7, which differs for this schema only in the name of its id.
const validate = ajv.compile(Object.fromEntries(Object.entries(schema).filter(([key]) => key !== 'id' && key !== '$schema')));
const problems = (text: string) => (validate(JSON.parse(text)) ? [] : validate.errors);

const EMPTY: Results = { ...SAMPLE, kernels: [], objects: [], cells: [], logs: createLogStore() };

describe('SARIF', () => {
  it('SARIF has a result for each program and root cause, and a notification for each missing verdict', () => {
    expect(renderSarif(SAMPLE)).toMatchInlineSnapshot(`
      "{
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
          {
            "tool": {
              "driver": {
                "name": "corematrix",
                "semanticVersion": "0.1.0",
                "rules": [
                  {
                    "id": "attach-target-missing",
                    "shortDescription": {
                      "text": "Attach target missing"
                    },
                    "fullDescription": {
                      "text": "The kernel does not have the function, tracepoint, hook or struct_ops type that the program attaches to, or does not let programs attach there."
                    },
                    "help": {
                      "text": "Attach to a target that all your kernels have, or write one program for each target, keep them from loading by default, and switch on the one whose target exists.",
                      "markdown": "Attach to a target that all your kernels have, or write one program for each target, keep them from loading by default, and switch on the one whose target exists.\\n\\nHow it is decided:\\n\\n- libbpf printed \`failed to find kernel BTF type ID of 'NAME'\` or \`NAME is not found in vmlinux BTF\`.\\n- libbpf printed a \`struct_ops init_kern\` or \`struct_ops init\` line that says what it cannot find. Then the whole object fails, before relocation.\\n- The verifier refused the target: \`attach_btf_id N is not a function\`, \`NAME() is not modifiable\`, \`The address of function NAME cannot be found\`.\\n- Attaching the loaded program failed with ENOENT, ESRCH or ENODEV. BTF does not show this.\\n- The symbols in the image of the kernel (kallsyms) lack the function, although BTF has it: the compiler renamed it (\`NAME.isra.0\`) or inlined it everywhere. A prediction finds this for kernels in the cache.\\n"
                    }
                  },
                  {
                    "id": "core-field-missing",
                    "shortDescription": {
                      "text": "Field missing"
                    },
                    "fullDescription": {
                      "text": "The kernel has the type but not the field, and the program uses the field without a check that avoids it."
                    },
                    "help": {
                      "text": "Test bpf_core_field_exists() before the access. If the field was renamed or moved, read it in the other branch through a flavor of the type (struct name___old).",
                      "markdown": "Test bpf_core_field_exists() before the access. If the field was renamed or moved, read it in the other branch through a flavor of the type (struct name___old).\\n\\nHow it is decided:\\n\\n- libbpf found candidates for the type and printed \`no matching targets found\` for the relocation, then \`substituting insn #N w/ invalid insn\`.\\n- The verifier reached that instruction: \`invalid func unknown#195896080\`, which libbpf 0.8 and newer print as \`failed to resolve CO-RE relocation\`.\\n"
                    }
                  },
                  {
                    "id": "unexpected-pass",
                    "shortDescription": {
                      "text": "Unexpected pass"
                    },
                    "fullDescription": {
                      "text": "It passes, although an expectation declares a failure."
                    },
                    "help": {
                      "text": "Remove the expectation, or limit it to the kernels that still fail: corematrix expectations update corematrix-report."
                    }
                  }
                ]
              }
            },
            "automationDetails": {
              "id": "corematrix/"
            },
            "invocations": [
              {
                "executionSuccessful": false,
                "startTimeUtc": "2026-05-04T10:00:00.000Z",
                "endTimeUtc": "2026-05-04T10:00:42.500Z",
                "toolExecutionNotifications": [
                  {
                    "level": "warning",
                    "message": {
                      "text": "infra-timeout: no word from the guest for 30 s (4 programs)"
                    }
                  }
                ]
              }
            ],
            "results": [
              {
                "ruleId": "core-field-missing",
                "ruleIndex": 1,
                "level": "error",
                "message": {
                  "text": "task_state/new_name: task_struct.__state: no such field (byte_off) (on 5.10)\\nTest bpf_core_field_exists() before the access. If the field was renamed or moved, read it in the other branch through a flavor of the type (struct name___old).\\nsee corematrix explain core-field-missing"
                },
                "locations": [
                  {
                    "physicalLocation": {
                      "artifactLocation": {
                        "uri": "programs/task_state.bpf.c"
                      },
                      "region": {
                        "startLine": 23
                      }
                    },
                    "logicalLocations": [
                      {
                        "name": "new_name",
                        "fullyQualifiedName": "task_state/new_name",
                        "kind": "function"
                      }
                    ]
                  }
                ],
                "partialFingerprints": {
                  "corematrix/v1": "a39b26a6ba63014abf72e3921534ef031567a4f81f5fac3d364d48188a6ec10f"
                },
                "properties": {
                  "kernels": [
                    "debian-5.10.262-amd64"
                  ]
                }
              },
              {
                "ruleId": "attach-target-missing",
                "ruleIndex": 0,
                "level": "error",
                "message": {
                  "text": "probes/probe: do_unlinkat is not in this kernel (on 6.12)\\nAttach to a target that all your kernels have, or write one program for each target, keep them from loading by default, and switch on the one whose target exists.\\nsee corematrix explain attach-target-missing"
                },
                "locations": [
                  {
                    "physicalLocation": {
                      "artifactLocation": {
                        "uri": "build/probes.bpf.o"
                      }
                    },
                    "logicalLocations": [
                      {
                        "name": "probe",
                        "fullyQualifiedName": "probes/probe",
                        "kind": "function"
                      }
                    ]
                  }
                ],
                "partialFingerprints": {
                  "corematrix/v1": "8329ea0d7e130a8e8440e866429b85b6a74639bc5fede99c813a917bf1679bee"
                },
                "properties": {
                  "kernels": [
                    "debian-6.12.117-amd64"
                  ]
                }
              },
              {
                "ruleId": "unexpected-pass",
                "ruleIndex": 2,
                "level": "error",
                "message": {
                  "text": "task_state/either_name: passes, though it was expected to fail: this kernel has neither name (on 5.10)"
                },
                "locations": [
                  {
                    "physicalLocation": {
                      "artifactLocation": {
                        "uri": "build/task_state.bpf.o"
                      }
                    },
                    "logicalLocations": [
                      {
                        "name": "either_name",
                        "fullyQualifiedName": "task_state/either_name",
                        "kind": "function"
                      }
                    ]
                  }
                ],
                "partialFingerprints": {
                  "corematrix/v1": "0422700706a84db761cb6c68d7ce52c47e1ed9229debd542fbe85c4b9ce6b2fa"
                },
                "properties": {
                  "kernels": [
                    "debian-5.10.262-amd64"
                  ]
                }
              }
            ]
          }
        ]
      }
      "
    `);
  });

  it('SARIF validates, and the validator rejects a broken log', () => {
    expect([SAMPLE, HOSTILE_SAMPLE, EMPTY].map((results) => problems(renderSarif(results)))).toEqual([[], [], []]);
    expect(problems(renderSarif(SAMPLE).replaceAll('"level": "error"', '"level": "wrong"'))).toMatchObject([{ keyword: 'enum' }, {}, {}]);
  });

  it('SARIF keeps paths below the repository, and escapes control characters', () => {
    const uris = [...renderSarif(HOSTILE_SAMPLE).matchAll(/"uri": "([^"]*)"/g)].map(([, uri]) => uri);
    expect(uris).toHaveLength(3);
    for (const uri of uris) expect(uri).toMatch(/^[\w%.!~*'()/-]+$/);
    expect(renderSarif(HOSTILE_SAMPLE)).not.toMatch(/[^\P{C}\n]/u);
  });

  it('a SARIF fingerprint survives changes of kernels and wording', () => {
    const prints = (results: Results) => [...renderSarif(results).matchAll(/"corematrix\/v1": "(\w+)"/g)].map(([, print]) => print);
    const cells = SAMPLE.cells.map((cell) => ({
      ...cell,
      programs: cell.programs.map((program) => ({ ...program, reason: program.reason && `${program.reason}, said otherwise` })),
    }));
    const kernels = SAMPLE.kernels.map((kernel) => ({ ...kernel, release: 'next' }));
    expect(prints({ ...SAMPLE, cells, kernels })).toEqual(prints(SAMPLE));
    expect(new Set(prints(SAMPLE)).size).toBe(3);
  });

  it('a SARIF fingerprint differs from loader to loader', () => {
    const prints = (results: Results) => [...renderSarif(results).matchAll(/"corematrix\/v1": "(\w+)"/g)].map(([, print]) => print);
    const withLoader = (loader: string) => prints({ ...SAMPLE, objects: SAMPLE.objects.map((object) => ({ ...object, loader })) });
    const all = [...prints(SAMPLE), ...withLoader('cilium@0.22'), ...withLoader('aya@0.14')];
    expect(new Set(all).size).toBe(9);
  });

  it('SARIF stays within the limit of shown results', () => {
    const [cell] = SAMPLE.cells;
    const program = cell?.programs[1];
    if (!cell || !program) throw new Error('the sample is empty');
    const programs = Array.from({ length: 5003 }, (_, at) => ({ ...program, reason: `reason ${at}` }));
    const text = renderSarif({ ...SAMPLE, cells: [{ ...cell, programs }] });
    expect([text.match(/"ruleIndex"/g)?.length, text.includes('3 more results in the report')]).toEqual([5000, true]);
  });
});
