/** Measures what is to be compared in turns, so that whatever else the machine does hits all of it alike. */

/** Each returns how long it took. */
export type Runs<Name extends string> = Readonly<Record<Name, () => number | Promise<number>>>;
export type Times<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** The first round only warms the page cache. */
export async function measureInTurns<Name extends string>(
  rounds: number,
  runs: Runs<Name>,
): Promise<Times<Name>> {
  const names = Object.keys(runs) as Name[];
  const times = Object.fromEntries(names.map((name): [Name, number[]] => [name, []])) as Record<
    Name,
    number[]
  >;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      const tookMs = await runs[name]();
      if (round >= 0) times[name].push(tookMs);
    }
  }
  return times;
}

export function printTimes(times: Times<string>): void {
  for (const [name, all] of Object.entries(times)) {
    console.log(`  ${name.padEnd(34)} ${median(all).toFixed(0).padStart(6)} ms`);
  }
}

/** The median over the rounds of what two did in the same round. */
export function medianOfPairs(
  ours: readonly number[],
  theirs: readonly number[],
  compare: (ours: number, theirs: number) => number,
): number {
  return median(ours.map((value, round) => compare(value, theirs[round] ?? Number.NaN)));
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
