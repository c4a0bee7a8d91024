/**
 * What a run refuses unless a person allows it. `breaking`: a task contract that breaks jobs which exist. `older`: an
 * older or other commit than the one that is deployed. `unproven`: production without proof from the dev clusters.
 */
export const allowances = ["breaking", "older", "unproven"] as const;
export type Allowance = (typeof allowances)[number];

/** Where a person allowed it. */
export type AllowedBy = "input" | "label" | "option";
export type Allowed = ReadonlyMap<Allowance, AllowedBy>;
