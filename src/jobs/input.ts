import { messageOf, UserError } from "../errors.ts";

/** Largest input of a task. [contract: core.proto validation] */
const maxInputBytes = 2_048;

/**
 * A task's input from JSON text, as the SDK encodes it: an object for several fields, the bare value for one,
 * nothing for none. What is not JSON is refused here, where it is typed, and not by a worker much later.
 *
 * @param what names the text in messages: `--input`, `smoke-task`.
 */
export function taskInput(text: string, what: string): Uint8Array<ArrayBuffer> {
  const trimmed = text.trim();
  if (trimmed === "") return new Uint8Array();
  try {
    JSON.parse(trimmed);
  } catch (cause) {
    const reason = messageOf(cause);
    throw new UserError("input-invalid", `${what} is not JSON: ${reason}`, {
      cause,
      next: 'Write the task\'s fields as JSON: \'{"columns": 2, "rows": 3}\', or the bare value where it has one field.',
    });
  }
  // As it was written: a number beyond 2^53 would not survive being read and written again.
  const bytes = new Uint8Array(Buffer.from(trimmed));
  if (bytes.length > maxInputBytes) {
    throw new UserError("input-invalid", `${what} has ${bytes.length} bytes; a task takes ${maxInputBytes}`, {
      next: "Pass a reference to the data instead of the data.",
    });
  }
  return bytes;
}
