#!/usr/bin/env node
require("./chunks/command-check.js")("cli.js");
