import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseFaultTrace, parseImportReport, parsePrintedTraceback } from "../../src/build/import-report.ts";

describe("the report of a second import", () => {
  it("is read", () => {
    const raised = {
      kind: "raised",
      classes: ["SyntaxError", "Exception"],
      message: "invalid syntax",
      frames: [["/a/b.py", 3]],
      module: null,
      file: "/a/c.py",
      position: [7, 2],
    };
    assert.deepEqual(parseImportReport(JSON.stringify(raised)), {
      kind: "raised",
      classes: ["SyntaxError", "Exception"],
      message: "invalid syntax",
      frames: [{ file: "/a/b.py", line: 3 }],
      module: undefined,
      file: "/a/c.py",
      position: { line: 7, column: 2 },
    });
    assert.deepEqual(parseImportReport('{"kind":"exits","frames":[]}'), { kind: "exits", frames: [] });
    assert.deepEqual(parseImportReport('{"kind":"imported","runners":["runner"]}'), {
      kind: "imported",
      runners: ["runner"],
    });
  });

  it("is not believed when user code has written into it", () => {
    for (const text of [
      "",
      "{",
      "[]",
      "null",
      '"raised"',
      "{}",
      '{"kind":"raised"}',
      '{"kind":"raised","message":1}',
    ])
      assert.equal(parseImportReport(text), undefined, text);
    assert.deepEqual(
      parseImportReport(
        '{"kind":"raised","message":"m","classes":[1,"E"],"frames":[["a"],"b",["c",1.5],["d",2]],"position":["x"]}',
      ),
      {
        kind: "raised",
        classes: ["E"],
        message: "m",
        frames: [{ file: "d", line: 2 }],
        module: undefined,
        file: undefined,
        position: undefined,
      },
    );
  });
});

const trace = (head: string) => `${head}
Thread 0x00007f0000000001 (most recent call first):
  File "/usr/lib/python3.11/threading.py", line 1 in wait

Current thread 0x00007f0000000002 (most recent call first):
  File "/a/helper.py", line 12 in spin
  File "/a/tiles.py", line 4 in <module>
  File "<frozen importlib._bootstrap>", line 241 in _call_with_frames_removed
  File "<string>", line 30 in <module>
`;

describe("what the fault handler writes", () => {
  it("tells a hang from a crash, and takes the thread that imports, outermost frame first", () => {
    const hang = parseFaultTrace(trace("Timeout (0:00:02)!"));
    const crash = parseFaultTrace(trace("Fatal Python error: Segmentation fault\n"));
    assert.equal(hang?.kind, "stuck");
    assert.equal(crash?.kind, "crashed");
    assert.deepEqual(crash?.kind === "crashed" && crash.frames.slice(-2), [
      { file: "/a/tiles.py", line: 4 },
      { file: "/a/helper.py", line: 12 },
    ]);
  });

  it("is nothing when no thread imports", () => {
    assert.equal(parseFaultTrace(""), undefined);
    assert.equal(parseFaultTrace("Timeout (0:00:02)!\n"), undefined);
  });
});

describe("a traceback that a command printed", () => {
  it("gives the last exception with its frames", () => {
    const text = `noise
Traceback (most recent call last):
  File "/a/serve.py", line 3, in <module>
    import nothing.at_all
ModuleNotFoundError: No module named 'nothing'
`;
    assert.deepEqual(parsePrintedTraceback(text), {
      kind: "raised",
      classes: ["ModuleNotFoundError", "ImportError"],
      message: "No module named 'nothing'",
      frames: [{ file: "/a/serve.py", line: 3 }],
      module: "nothing",
      file: undefined,
      position: undefined,
    });
  });

  it("knows a syntax error's place", () => {
    const text =
      'Traceback (most recent call last):\n  File "/a/b.py", line 2\n    def f(:\n          ^\nSyntaxError: invalid syntax\n';
    const report = parsePrintedTraceback(text);
    assert.equal(report?.kind, "raised");
    assert.deepEqual(report.position, { line: 2, column: 1 });
    assert.equal(report.file, "/a/b.py");
  });

  it("is nothing when there is none", () => {
    assert.equal(parsePrintedTraceback("usage: serve [-h]\n"), undefined);
    assert.equal(parsePrintedTraceback("Traceback (most recent call last):\n"), undefined);
  });
});
