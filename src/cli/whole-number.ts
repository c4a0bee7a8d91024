import { InvalidArgumentError } from "commander";

/** Reads a whole number from `minimum` to `maximum`. */
export function wholeNumber(minimum: number, maximum: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < minimum || number > maximum) {
      throw new InvalidArgumentError(`give a whole number from ${minimum} to ${maximum}`);
    }
    return number;
  };
}
