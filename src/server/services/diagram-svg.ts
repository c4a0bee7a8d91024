/** Lays a diagram out with dagre and writes it as SVG. */
import type { Edge } from "@dagrejs/dagre";
import type { VisualizeJobRequest } from "../../api/gen/workflows/v1/job_pb.ts";
import { WorkflowDiagramTheme } from "../../api/gen/workflows/v1/job_pb.ts";
import { type TaskState, taskStates } from "../../engine/task-state.ts";

export interface Diagram {
  readonly nodes: readonly DiagramNode[];
  /** Keys of small dots that lines lead through. */
  readonly dots: readonly string[];
  /** From tasks to what they submitted. */
  readonly tree: readonly DiagramLine[];
  /** From tasks to what waits for them. */
  readonly dependencies: readonly DiagramLine[];
  /** Lines of text above the picture. */
  readonly notes: readonly string[];
}

export interface DiagramNode {
  readonly key: string;
  readonly label: string;
  readonly optional: boolean;
  /** How many tasks the box stands for, by state. */
  readonly states: ReadonlyMap<TaskState, number>;
}

interface DiagramLine {
  readonly from: string;
  readonly to: string;
}

export interface DiagramStyle {
  readonly direction: "TB" | "BT" | "LR" | "RL";
  readonly paddingPx: number;
  readonly dark: boolean;
}

const directions: Readonly<Record<string, DiagramStyle["direction"]>> = {
  down: "TB",
  up: "BT",
  right: "LR",
  left: "RL",
};

/**
 * What is asked for in words of the public service's renderer, as far as this one has it: every layout is
 * dagre's, no style is hand-drawn, and what is unknown falls back to the default instead of failing.
 */
export function readDiagramStyle(
  request: Pick<VisualizeJobRequest, "renderOptions" | "theme">,
): DiagramStyle {
  const { renderOptions, theme } = request;
  const padding = Number(renderOptions?.padding ?? 0n);
  return {
    direction: directions[renderOptions?.direction ?? ""] ?? "TB",
    paddingPx: padding > 0 && padding <= 1_000 ? padding : 8,
    dark: theme === WorkflowDiagramTheme.DARK || theme === WorkflowDiagramTheme.CONSOLE_DARK,
  };
}

const characterPx = 7;
const labelCharacters = 36;
const boxHeightPx = 44;
const noteHeightPx = 20;

interface Palette {
  readonly text: string;
  readonly line: string;
  readonly states: Readonly<Record<TaskState, { readonly fill: string; readonly border: string }>>;
}

const light: Palette = {
  text: "#1f2328",
  line: "#6e7781",
  states: {
    queued: { fill: "#f6f8fa", border: "#8c959f" },
    running: { fill: "#ddf4ff", border: "#0969da" },
    computed: { fill: "#dafbe1", border: "#1a7f37" },
    failed: { fill: "#ffebe9", border: "#cf222e" },
    skipped: { fill: "#eaeef2", border: "#afb8c1" },
    "failed-optional": { fill: "#fff8c5", border: "#9a6700" },
  },
};

const dark: Palette = {
  text: "#e6edf3",
  line: "#8b949e",
  states: {
    queued: { fill: "#161b22", border: "#6e7681" },
    running: { fill: "#0c2d6b", border: "#388bfd" },
    computed: { fill: "#033a16", border: "#2ea043" },
    failed: { fill: "#67060c", border: "#f85149" },
    skipped: { fill: "#21262d", border: "#484f58" },
    "failed-optional": { fill: "#4b2900", border: "#d29922" },
  },
};

export async function drawDiagram(diagram: Diagram, style: DiagramStyle): Promise<string> {
  const placed = await layOut(diagram, style.direction);
  const palette = style.dark ? dark : light;
  const top = style.paddingPx + diagram.notes.length * noteHeightPx;
  const notesPx = Math.max(0, ...diagram.notes.map((note) => note.length * characterPx));
  const width = Math.ceil(Math.max(placed.width, notesPx) + 2 * style.paddingPx);
  const height = Math.ceil(placed.height + top + style.paddingPx);
  const notes = diagram.notes.map(
    (note, index) =>
      `<text x="${style.paddingPx}" y="${style.paddingPx + 14 + index * noteHeightPx}">${escapeXml(note)}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="ui-sans-serif, system-ui, sans-serif" font-size="13" fill="${palette.text}">`,
    "<title>Tasks of the job</title>",
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="${palette.line}"/></marker></defs>`,
    ...notes,
    `<g transform="translate(${style.paddingPx} ${top})">`,
    ...placed.lines.map((line) => lineSvg(line, palette)),
    ...placed.dots.map(
      ({ x, y }) => `<circle cx="${round(x)}" cy="${round(y)}" r="3" fill="${palette.line}"/>`,
    ),
    ...placed.boxes.map((box) => boxSvg(box, palette)),
    "</g>",
    "</svg>",
    "",
  ].join("\n");
}

interface Point {
  readonly x: number;
  readonly y: number;
}
interface PlacedBox extends Point {
  readonly node: DiagramNode;
  readonly width: number;
}
interface PlacedLine {
  readonly points: readonly Point[];
  readonly kind: "tree" | "dependency";
}

interface Layout {
  readonly width: number;
  readonly height: number;
  readonly boxes: readonly PlacedBox[];
  readonly dots: readonly Point[];
  readonly lines: readonly PlacedLine[];
}

async function layOut(diagram: Diagram, rankdir: DiagramStyle["direction"]): Promise<Layout> {
  const { nodes, dots, tree, dependencies } = diagram;
  // Loaded when a picture is asked for: most servers never draw one.
  const { Graph, layout } = await import("@dagrejs/dagre");
  const graph = new Graph({ multigraph: true })
    .setGraph({ rankdir, nodesep: 24, ranksep: 44 })
    .setDefaultEdgeLabel(() => ({}));
  const widths = new Map(nodes.map((node) => [node.key, boxWidth(node)]));
  for (const [key, width] of widths) graph.setNode(key, { width, height: boxHeightPx });
  for (const key of dots) graph.setNode(key, { width: 6, height: 6 });
  for (const { from, to } of tree) graph.setEdge(from, to, { weight: 2 }, "tree");
  for (const { from, to } of dependencies) graph.setEdge(from, to, {}, "dependency");
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    // An empty graph has the size -Infinity.
    width: Math.max(0, width),
    height: Math.max(0, height),
    boxes: nodes.map(
      (node): PlacedBox => ({ ...at(graph.node(node.key)), node, width: widths.get(node.key) ?? 0 }),
    ),
    dots: dots.map((key) => at(graph.node(key))),
    lines: graph.edges().map(
      (edge: Edge): PlacedLine => ({
        points: graph.edge(edge).points ?? [],
        kind: edge.name === "tree" ? "tree" : "dependency",
      }),
    ),
  };
}

function at({ x = 0, y = 0 }: { readonly x?: number; readonly y?: number }): Point {
  return { x, y };
}

function boxWidth(node: DiagramNode): number {
  const characters = Math.max(cut(node.label).length, statesText(node).length, 8);
  return characters * characterPx + 24;
}

function lineSvg({ points, kind }: PlacedLine, palette: Palette): string {
  const path = points.map(({ x, y }, index) => `${index === 0 ? "M" : "L"}${round(x)} ${round(y)}`).join("");
  const dashes = kind === "dependency" ? ' stroke-dasharray="5 4"' : "";
  return `<path d="${path}" fill="none" stroke="${palette.line}"${dashes} marker-end="url(#arrow)"/>`;
}

function boxSvg({ node, x, y, width }: PlacedBox, palette: Palette): string {
  const { fill, border } = palette.states[worstState(node)];
  const dashes = node.optional ? ' stroke-dasharray="3 3"' : "";
  const [left, top] = [round(x - width / 2), round(y - boxHeightPx / 2)];
  return [
    `<g><title>${escapeXml(`${node.label}: ${statesText(node)}`)}</title>`,
    `<rect x="${left}" y="${top}" width="${width}" height="${boxHeightPx}" rx="6" fill="${fill}" stroke="${border}"${dashes}/>`,
    `<text x="${round(x)}" y="${round(y - 3)}" text-anchor="middle">${escapeXml(cut(node.label))}</text>`,
    `<text x="${round(x)}" y="${round(y + 14)}" text-anchor="middle" font-size="11" opacity="0.75">${escapeXml(statesText(node))}</text></g>`,
  ].join("");
}

/** A box for many tasks has the colour of the one that needs attention most. */
function worstState({ states }: DiagramNode): TaskState {
  const order: readonly TaskState[] = [
    "failed",
    "running",
    "queued",
    "failed-optional",
    "skipped",
    "computed",
  ];
  return order.find((state) => states.has(state)) ?? "queued";
}

function statesText({ states }: DiagramNode): string {
  const [only] = [...states];
  if (states.size === 1 && only?.[1] === 1) return only[0].replace("-", " ");
  return taskStates
    .filter((state) => states.has(state))
    .map((state) => `${states.get(state)} ${state.replace("-", " ")}`)
    .join(", ");
}

function cut(label: string): string {
  const characters = Array.from(label);
  return characters.length <= labelCharacters
    ? label
    : `${characters.slice(0, labelCharacters - 1).join("")}…`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Displays are whatever a task says; XML forbids most control characters in any form. */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
