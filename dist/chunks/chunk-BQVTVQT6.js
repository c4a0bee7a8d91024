import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);
import{P as e}from"./chunk-UF3TYAUH.js";var i=e("ChN0aWxlYm94L3YxL2lkLnByb3RvEgp0aWxlYm94LnYxIhIKAklEEgwKBHV1aWQYASABKAxCBZIDAggCYghlZGl0aW9uc3DoBw");export{i as a};
