/** What GitHub's runner reads from a step: commands in its log, and files that it writes. */

/** `::name key=value,...::message`, as a line of a step's log. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** The commands of a log. The runner allows white space before them and reads stdout and stderr alike. */
export function parseCommands(log: string): WorkflowCommand[] {
  return log.split(/\r?\n/).flatMap((line) => {
    const match = /^\s*::(?<name>[^\s:]+)(?: (?<properties>.*?))?::(?<message>.*)$/.exec(line)?.groups;
    if (match?.name === undefined) return [];
    const properties = (match.properties ?? "")
      .split(",")
      .filter((property) => property !== "")
      .map((property) => {
        const equals = property.indexOf("=");
        return [property.slice(0, equals), unescapeProperty(property.slice(equals + 1))] as const;
      });
    return [
      {
        name: match.name,
        properties: Object.fromEntries(properties),
        message: unescapeData(match.message ?? ""),
      },
    ];
  });
}

/**
 * A file of GITHUB_OUTPUT's form: `name=value`, or `name<<END`, lines, `END`.
 * @throws Error for what the runner refuses: a line that is neither, or a missing end.
 */
export function parseFileCommand(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? "";
    if (line === "") continue;
    const equals = line.indexOf("=");
    const heredoc = line.indexOf("<<");
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      values[line.slice(0, equals)] = line.slice(equals + 1);
      continue;
    }
    if (heredoc < 0) throw new Error(`Invalid format '${line}'`);
    const end = lines.indexOf(line.slice(heredoc + 2), index + 1);
    if (end < 0) throw new Error(`Matching delimiter not found '${line.slice(heredoc + 2)}'`);
    values[line.slice(0, heredoc)] = lines.slice(index + 1, end).join("\n");
    index = end;
  }
  return values;
}

function unescapeData(text: string): string {
  return text.replaceAll("%0D", "\r").replaceAll("%0A", "\n").replaceAll("%25", "%");
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll("%3A", ":").replaceAll("%2C", ","));
}
