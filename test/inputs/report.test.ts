import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readReportInputs, reportChannels } from "../../src/inputs/report.ts";

const channelsOf = (report: string) => [...readReportInputs({ INPUT_REPORT: report }).channels];

describe("where a run is reported", () => {
  it("is everywhere unless a person chose", () => {
    assert.deepEqual([...readReportInputs({}).channels], [...reportChannels]);
    assert.equal(
      readReportInputs({ INPUT_REPORT: "summary, comment, annotations, deployments" }).chosen,
      false,
    );
    assert.deepEqual(channelsOf("summary\ncomment"), ["summary", "comment"]);
    assert.equal(readReportInputs({ INPUT_REPORT: "comment" }).chosen, true);
    assert.deepEqual(channelsOf("none"), []);
  });

  it("names what is not a choice, and reports everywhere then", () => {
    const { problems, channels } = readReportInputs({ INPUT_REPORT: "sumary, none, comment" });
    assert.deepEqual(
      problems.map(({ message, hint }) => `${message}; ${hint}`),
      [
        'report: "sumary" is not a choice; did you mean summary?',
        'report: "none" is not a choice; summary, comment, annotations, deployments or none',
      ],
    );
    assert.equal(channels.size, reportChannels.length);
  });

  it("has no token and no matrix where GitHub gave none", () => {
    const { token, matrix } = readReportInputs({ "INPUT_GITHUB-TOKEN": "", INPUT_MATRIX: "" });
    assert.deepEqual({ token, matrix }, { token: "", matrix: "" });
  });
});
