import type { Database, Sql, SqlValue } from "../sql/statement.ts";
import { type PreparedSql, postgresStatement } from "./statement-text.ts";

export interface Answer {
  readonly rows: readonly unknown[];
  readonly changes: number;
}

/** A list is for `= ANY(?)` or unnest. */
export type Parameter = SqlValue | readonly SqlValue[];

/** Where an operation's statements go. */
export interface Executor {
  query(statement: PreparedSql, values: readonly Parameter[]): Promise<Answer>;
  /** Sends it without waiting; what goes wrong with it fails the next query. */
  send(statement: PreparedSql, values: readonly Parameter[]): void;
}

/** Leaves an operation at the statement whose answer is not there yet. No Error: it is thrown often, and caught once. */
class Suspension {
  readonly statement: PreparedSql;
  readonly values: readonly SqlValue[];

  constructor(statement: PreparedSql, values: readonly SqlValue[]) {
    this.statement = statement;
    this.values = values;
  }
}

/** An operation did something else than before with the same answers: what it rests on in memory has changed. */
export class Diverged extends Error {}

type Step =
  | { readonly kind: "statement"; readonly statement: PreparedSql; readonly answer: Answer | undefined }
  | { readonly kind: "value"; readonly value: unknown };

/** One operation on its way: what it has been answered so far. */
class Run {
  readonly #executor: Executor;
  readonly steps: Step[] = [];
  next = 0;
  /** Whether it has changed anything. */
  wrote = false;

  constructor(executor: Executor) {
    this.#executor = executor;
  }

  #known(statement: PreparedSql): Step | undefined {
    const step = this.steps[this.next];
    if (step === undefined) return undefined;
    if (step.kind !== "statement" || step.statement.text !== statement.text)
      throw new Diverged(statement.text);
    this.next++;
    return step;
  }

  answer(statement: PreparedSql, values: readonly SqlValue[]): Answer {
    const step = this.#known(statement);
    if (step?.kind === "statement" && step.answer !== undefined) return step.answer;
    throw new Suspension(statement, values);
  }

  send(statement: PreparedSql, values: readonly SqlValue[]): void {
    if (this.#known(statement) !== undefined) return;
    this.#executor.send(statement, values);
    this.wrote = true;
    this.steps.push({ kind: "statement", statement, answer: undefined });
    this.next++;
  }

  async resume({ statement, values }: Suspension): Promise<void> {
    this.wrote ||= !statement.reads;
    const answer = await this.#executor.query(statement, values);
    this.steps.push({ kind: "statement", statement, answer });
  }

  once<Value>(make: () => Value): Value {
    const step = this.steps[this.next];
    if (step !== undefined && step.kind !== "value") throw new Diverged("a value");
    const value = step === undefined ? make() : (step.value as Value);
    if (step === undefined) this.steps.push({ kind: "value", value });
    this.next++;
    return value;
  }
}

export type Outcome<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly error: unknown; readonly wrote: boolean };

/**
 * Runs operations that are written as if statements answered at once, on a database that answers later. An
 * operation is left at each statement that is not answered yet and begun again when it is: it then gets the
 * answers it had, in their order, and comes one statement further. What it costs is some microseconds of
 * this process a statement, next to a hundred for the way to the server and back; what it gives is that both
 * engines run the same code, and SQLite's has no promise in it. Statements whose answer nobody asks for are
 * sent without stopping.
 */
export class Replay {
  #running: Run | undefined;

  /** Statements for operations; prepared while one runs, they are not kept. */
  readonly database: Database = {
    prepare: <Parameters extends readonly SqlValue[], Row>(sql: Sql) => {
      const statement = postgresStatement(sql, this.#running === undefined);
      const answer = (values: readonly SqlValue[]) => this.#current().answer(statement, values);
      return {
        get: (...values: Parameters) => answer(values).rows[0] as Row | undefined,
        all: (...values: Parameters) => [...answer(values).rows] as Row[],
        run: (...values: Parameters) => this.#current().send(statement, values),
        change: (...values: Parameters) => answer(values).changes,
      };
    },
  };

  #current(): Run {
    if (this.#running === undefined) throw new Error("a statement was run outside of an operation");
    return this.#running;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** A value that an operation must not see change while it is begun again: the time, a new id. */
  once<Value>(make: () => Value): Value {
    return this.#running === undefined ? make() : this.#running.once(make);
  }

  async run<Result>(operation: () => Result, executor: Executor): Promise<Outcome<Result>> {
    const run = new Run(executor);
    for (;;) {
      const stopped = this.#attempt(operation, run);
      if (!(stopped instanceof Suspension)) return stopped;
      await run.resume(stopped);
    }
  }

  #attempt<Result>(operation: () => Result, run: Run): Outcome<Result> | Suspension {
    run.next = 0;
    const outer = this.#running;
    this.#running = run;
    try {
      return { ok: true, result: operation() };
    } catch (thrown) {
      if (thrown instanceof Suspension) return thrown;
      return { ok: false, error: thrown, wrote: run.wrote };
    } finally {
      this.#running = outer;
    }
  }
}
