import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseApiUrl } from "../../src/api/url.ts";
import { errorOf } from "../support/errors.ts";

describe("parseApiUrl", () => {
  for (const [text, origin, loopback] of [
    ["https://api.example.com", "https://api.example.com", false],
    ["https://api.example.com/", "https://api.example.com", false],
    ["  https://API.example.com:8443\n", "https://api.example.com:8443", false],
    ["http://127.0.0.1:8080", "http://127.0.0.1:8080", true],
    ["http://127.9.8.7:1", "http://127.9.8.7:1", true],
    ["http://localhost:8080", "http://localhost:8080", true],
    ["http://[::1]:8080", "http://[::1]:8080", true],
    ["https://localhost", "https://localhost", true],
  ] as const) {
    it(`takes ${JSON.stringify(text)}`, () => {
      const url = parseApiUrl(text);
      assert.deepEqual([url.origin, url.loopback], [origin, loopback]);
    });
  }

  for (const [text, problem] of [
    ["", /must begin with https/],
    ["api.example.com", /must begin with https/],
    ["api.example.com:443", /must begin with https/],
    ["ftp://api.example.com", /must begin with https/],
    ["https://", /is not a URL/],
    ["https://a b", /is not a URL/],
    ["http://api.example.com", /unencrypted/],
    ["http://10.0.0.1:8080", /unencrypted/],
    ["http://127.0.0.1.example.com", /unencrypted/],
    ["http://localhost.example.com", /unencrypted/],
    ["http://0.0.0.0:8080", /unencrypted/],
    ["https://user:pass@api.example.com", /user name or password/],
    ["https://api.example.com\\@evil.example", /has a path/],
    ["https://api.example.com/v1", /has a path/],
    ["https://api.example.com?key=1", /query or fragment/],
    ["https://api.example.com#x", /query or fragment/],
  ] as const) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      assert.throws(
        () => parseApiUrl(text),
        (error: unknown) => {
          assert.ok(errorOf("api-url-invalid")(error));
          const { problems } = error as { problems: { message: string }[] };
          assert.match(problems.map(({ message }) => message).join("\n"), problem);
          return true;
        },
      );
    });
  }

  it("reports everything at once and never the secret", () => {
    assert.throws(
      () => parseApiUrl("http://me:hunter2@api.example.com/x?y"),
      (error: unknown) => {
        const text = JSON.stringify([(error as Error).message, (error as { problems: unknown }).problems]);
        assert.ok(!text.includes("hunter2"));
        assert.equal((error as { problems: unknown[] }).problems.length, 4);
        return true;
      },
    );
  });
});
