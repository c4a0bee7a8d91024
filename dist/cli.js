#!/usr/bin/env node
require("./chunks/command.js")("cli.js");
