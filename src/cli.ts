#!/usr/bin/env node
/** The command line's entry and its only error boundary. */
import { createProgram } from "./cli/program.ts";

await createProgram().parseAsync();
