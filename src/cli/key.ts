import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { table } from "../report/table.ts";
import type { ApiKey, KeyRole, Store } from "../store/port.ts";
import { addJsonOption, type JsonOption } from "./json-option.ts";
import { type Answer, runCommand, terminalLog } from "./run.ts";
import { addStorageOptions, type StorageOptions } from "./storage-options.ts";

const roles: readonly KeyRole[] = ["admin", "runner"];

/** Works on the data itself, also while a control plane serves it: the first key needs no key. */
export function addKeyCommand(program: Command): void {
  const command = program.command("key").description("Make, list and revoke API keys of a control plane.");
  addSubcommand(command, "create", "Make a key and print its secret, which is shown this once.")
    .argument("<name>", "who uses it; the history of publishing and deploying names it", keyName)
    .addOption(
      new Option("--role <role>", "admin may do everything; runner may not publish, deploy or change")
        .choices(roles)
        .default("admin"),
    )
    .action((name: string, options: KeyOptions & { readonly role: KeyRole }) =>
      withStore(options, async (store) => {
        const { createKey } = await import("../server/auth.ts");
        const { secret, key } = await createKey(store.keys, { name, role: options.role }, randomBytes);
        terminalLog.info(`API key ${key.name} (${key.role}). The secret is not shown again:`);
        return { json: { ...described(key), secret }, text: secret };
      }),
    );
  addSubcommand(command, "list", "List the keys, revoked ones too. Secrets are not stored.").action(
    (options: KeyOptions) =>
      withStore(options, async (store) => {
        const keys = (await store.keys.listKeys()).map(described);
        const rows = keys.map(({ name, role, createdAt, revokedAt }) => [
          name,
          role,
          createdAt,
          revokedAt ?? "",
        ]);
        return { json: { keys }, text: table(["NAME", "ROLE", "CREATED", "REVOKED"], rows) };
      }),
  );
  addSubcommand(command, "revoke", "End a key at once.")
    .argument("<name>", "as `key list` shows it")
    .action((name: string, options: KeyOptions) =>
      withStore(options, async (store) => {
        const key = described(await store.keys.revokeKey(name));
        return { json: key, text: `Revoked the API key ${key.name}` };
      }),
    );
}

interface KeyOptions extends JsonOption, StorageOptions {}

function addSubcommand(parent: Command, name: string, description: string): Command {
  return addJsonOption(addStorageOptions(parent.command(name).description(description)));
}

async function withStore(options: KeyOptions, work: (store: Store) => Promise<Answer>): Promise<void> {
  await runCommand(options, async () => {
    const store = await openStore(options);
    try {
      return await work(store);
    } finally {
      await store.close();
    }
  });
}

async function openStore({ data, database }: StorageOptions): Promise<Store> {
  const deps = { clock: Date.now, random: randomBytes, role: "command" } as const;
  if (database !== undefined) {
    const { openPostgresStore } = await import("../store/postgres/store.ts");
    return await openPostgresStore({ ...deps, url: database });
  }
  const { openSqliteStore } = await import("../store/sqlite/store.ts");
  return await openSqliteStore({ ...deps, dataFolder: resolve(data) });
}

function keyName(name: string): string {
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._@:/-]{0,99}$/u.test(name)) {
    throw new InvalidArgumentError("give 1 to 100 letters, digits, spaces and . _ @ : / -");
  }
  return name;
}

function described({ name, role, createdAtMs, revokedAtMs }: ApiKey) {
  return {
    name,
    role,
    createdAt: new Date(createdAtMs).toISOString(),
    revokedAt: revokedAtMs === undefined ? undefined : new Date(revokedAtMs).toISOString(),
  };
}
