/** The database that a URL names, for people to read: without user and password. */
export function databaseName(url: string): string {
  try {
    const { host, pathname, searchParams } = new URL(url);
    return `${searchParams.get("host") ?? host}${pathname}`;
  } catch {
    return "that was named";
  }
}
