/** The Python environment of an unpacked release: made once, before its first worker. */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { SystemError, UserError } from "../errors.ts";
import type { Entrypoint } from "../project/project.ts";
import { type Environment, inheritable } from "../worker/environment.ts";
import { findExecutable } from "../worker/executable.ts";
import type { Watchdog } from "../worker/watchdog.ts";
import { within } from "../worker/within.ts";
import { describeExit, launch } from "../worker/worker-process.ts";

export interface PrepareOptions {
  readonly folder: string;
  readonly entrypoint: Entrypoint;
  readonly environment: Environment;
  readonly watchdog: Watchdog;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

const shownOutputCharacters = 2_000;

/**
 * Runs `uv sync`, to the letter of uv.lock where there is one, as the worker's own `uv run` would: done
 * here, installing has a limit and an error of its own. A command that is not uv's prepares itself.
 *
 * @throws uv-missing, environment-failed, timed-out; the signal's reason when it is aborted
 */
export async function prepareEnvironment(options: PrepareOptions): Promise<void> {
  const { folder, entrypoint, watchdog, limitMs, signal } = options;
  if (entrypoint.kind === "command" && entrypoint.argv[0] !== "uv") return;
  if (!(await exists(join(folder, "pyproject.toml")))) {
    // Without it uv would quietly use the environment of a folder above.
    throw new UserError("environment-failed", "The release has no pyproject.toml, which says what it needs");
  }
  const environment = inheritable(options.environment);
  const uv = await findExecutable("uv", folder, environment);
  if (uv === undefined) {
    throw new UserError("uv-missing", "uv is not on the runner's PATH", {
      next: "Install uv on the runner's machine (`pip install uv`).",
    });
  }
  signal.throwIfAborted();
  const args = (await hasLock(folder)) ? ["sync", "--locked"] : ["sync"];
  const process = await launch([uv, ...args], folder, environment, watchdog);
  const kill = (): void => process.kill();
  signal.addEventListener("abort", kill, { once: true });
  const inTime = await within(process.exited, limitMs);
  signal.removeEventListener("abort", kill);
  if (!inTime) process.kill();
  const exit = await process.exited;
  signal.throwIfAborted();
  if (!inTime) {
    throw new SystemError("timed-out", `\`uv ${args.join(" ")}\` took longer than ${limitMs / 1_000} s`, {
      next: "Look at the network and at the size of the dependencies; the runner tries again.",
    });
  }
  if (exit.kind !== "code" || exit.code !== 0) {
    const said = process.output().stderr.trim().slice(-shownOutputCharacters);
    const message = `\`uv ${args.join(" ")}\` ended with ${describeExit(exit)}`;
    throw new UserError("environment-failed", said === "" ? message : `${message}:\n${said}`);
  }
}

export function hasLock(folder: string): Promise<boolean> {
  return exists(join(folder, "uv.lock"));
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
