/** What an artifact may name: the same rules where files are chosen and where an archive is read. */

/** macOS ends a whole path at 1,024 bytes, and an artifact is unpacked below some folder. */
const maxPathBytes = 900;
/** Every common file system ends a name here. */
const maxNameBytes = 255;

/** NUL and line ends break lists of names; a backslash is a separator on Windows and nowhere else. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const unsafeCharacter = /[\u0000-\u001f\u007f\\]/;
/** Empty, `.` and `..`, which say where to go rather than what is there; `.git`, which git would obey. */
const unsafeName = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i;

/** What is wrong with the path of an entry, as the rest of a sentence about it, or undefined. */
export function pathFlaw(path: string): string | undefined {
  if (unsafeCharacter.test(path)) return "has a control character or a backslash in its name";
  if (unsafeName.test(path))
    return 'is not a plain relative path: "", ".", ".." and ".git" are not names in it';
  if (path.length * 3 <= maxNameBytes) return undefined;
  if (Buffer.byteLength(path) > maxPathBytes) return `is longer than ${maxPathBytes} bytes`;
  if (path.split("/").some((name) => Buffer.byteLength(name) > maxNameBytes)) {
    return `has a name longer than ${maxNameBytes} bytes in it`;
  }
  return undefined;
}

/**
 * Names that mean something else on Windows: devices, streams, and those whose last dot or space it drops. They may be
 * packed, as most artifacts never see Windows; there they are not unpacked.
 */
export function isRefusedByWindows(path: string): boolean {
  return path
    .split("/")
    .some((name) => /[<>:"|?*]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(name));
}

/**
 * What is wrong with a symlink, as the rest of a sentence about it, or undefined.
 *
 * A target may climb with `..` at its beginning only. The folders of a link are real ones (no entry lies
 * below a symlink), so such a climb is what it looks like; once it descends it may pass other links, and
 * a `..` after one of them would leave from wherever that one led.
 */
export function linkFlaw(path: string, target: string): string | undefined {
  if (target === "") return "is a symlink to nothing";
  if (unsafeCharacter.test(target))
    return "is a symlink with a control character or a backslash in its target";
  if (Buffer.byteLength(target) > maxPathBytes) return `is a symlink longer than ${maxPathBytes} bytes`;
  if (target.startsWith("/") || /^[A-Za-z]:/.test(target))
    return `is a symlink to the absolute path ${target}`;
  const parts = target.split("/").filter((part) => part !== "" && part !== ".");
  const climb = parts.findIndex((part) => part !== "..");
  const levels = climb === -1 ? parts.length : climb;
  if (levels > path.split("/").length - 1) return `is a symlink that leaves the root: ${target}`;
  if (parts.slice(levels).includes("..")) {
    return `is a symlink that climbs after it descends: ${target}`;
  }
  return undefined;
}

/** Orders by the bytes of UTF-8. UTF-16, JavaScript's order, puts what needs surrogates too low. */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left === right) continue;
    return left >= 0xd800 && right >= 0xd800 ? raise(left) - raise(right) : left - right;
  }
  return a.length - b.length;
}

/** Moves surrogates above the rest of the basic plane, which is where their code points are. */
function raise(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** Remembers the names of one artifact, to find those that cannot stand beside each other everywhere. */
export interface PathLedger {
  /** What is wrong with adding this path, as the rest of a sentence about it, or undefined. */
  add(path: string): string | undefined;
}

/**
 * macOS and Windows take names for the same that differ by case or by Unicode form: unpacked there, one
 * file would replace the other. The rule holds everywhere, so that an artifact is good everywhere or nowhere.
 */
export function createPathLedger(): PathLedger {
  /** By folded name: the name as it was written, with a slash at the end for a folder. */
  const seen = new Map<string, string>();
  let lastFolder = "";
  const claim = (name: string, spelled: string): string | undefined => {
    const key = fold(name);
    const other = seen.get(key);
    if (other === undefined) {
      seen.set(key, spelled);
      return undefined;
    }
    if (other === spelled) return spelled.endsWith("/") ? undefined : "is there twice";
    const bare = other.replace(/\/$/, "");
    if (bare === name) return "is both a file and a folder";
    return `differs from ${bare} only by case or by Unicode form`;
  };
  return {
    add(path) {
      const end = path.lastIndexOf("/") + 1;
      if (end !== lastFolder.length || !path.startsWith(lastFolder)) {
        for (let slash = path.indexOf("/"); slash !== -1; slash = path.indexOf("/", slash + 1)) {
          const flaw = claim(path.slice(0, slash), path.slice(0, slash + 1));
          if (flaw !== undefined) return flaw;
        }
        lastFolder = path.slice(0, end);
      }
      return claim(path, path);
    },
  };
}

/** Whether a path is as folding would make it, as most are. */
export function isFolded(path: string): boolean {
  return /^[\u0020-\u0040\u005b-\u007e]*$/.test(path);
}

/** Case and form are folded as widely as any file system does: `ß` and `SS`, `É` and `E` with its accent apart. */
function fold(name: string): string {
  if (isFolded(name)) return name;
  return name.normalize("NFD").toUpperCase().toLowerCase().normalize("NFC");
}
