require("./chunks/action.js")("index.js");
