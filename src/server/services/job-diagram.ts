/** Which boxes and lines a picture of a job has. What a box looks like and where it stands is diagram-svg.ts. */
import type { VisualizeJobRequest } from "../../api/gen/workflows/v1/job_pb.ts";
import type { JobId, TaskId } from "../../engine/job.ts";
import type { TaskState } from "../../engine/task-state.ts";
import type { JobStore, TreeTask } from "../../store/job-port.ts";
import { type Diagram, type DiagramNode, drawDiagram, readDiagramStyle } from "./diagram-svg.ts";

/** The public service draws as many tasks. [doc] */
const drawnTasks = 200;
/** Of a larger job this many are read and drawn as one box for all that are alike. */
const readTasks = 20_000;

/** The job's tree of tasks as SVG, in UTF-8. Throws job-not-found. */
export async function jobDiagram(
  jobs: Pick<JobStore, "getJob" | "readTaskTree">,
  id: JobId,
  request: Pick<VisualizeJobRequest, "renderOptions" | "theme" | "includeJobName">,
): Promise<Uint8Array> {
  const [job, tasks] = await Promise.all([jobs.getJob(id), jobs.readTaskTree(id, readTasks)]);
  const nodeOf = tasks.length <= drawnTasks ? eachItsOwn(tasks) : alikeTogether(tasks);
  const { totalTasks } = job.stats;
  const notes = [
    ...(request.includeJobName ? [job.name] : []),
    ...(totalTasks > drawnTasks ? [`${totalTasks} tasks; those that are alike are drawn as one`] : []),
    ...(totalTasks > tasks.length ? [`only the first ${tasks.length} are counted here`] : []),
  ];
  const diagram = { ...assemble(tasks, nodeOf), notes };
  return new TextEncoder().encode(await drawDiagram(diagram, readDiagramStyle(request)));
}

/** By task: the key of the box it is part of. */
type NodeOf = ReadonlyMap<TaskId, string>;

function eachItsOwn(tasks: readonly TreeTask[]): NodeOf {
  return new Map(tasks.map((task) => [task.id, task.id]));
}

/**
 * Tasks of one name and version under the same box share one. What does not fit even so goes into the box
 * of its parent, so that the picture stays bounded and every task is counted somewhere.
 */
function alikeTogether(tasks: readonly TreeTask[]): NodeOf {
  const nodeOf = new Map<TaskId, string>();
  /** Boxes are numbered: keys that held their parents' keys would grow with the depth of the tree. */
  const numbers = new Map<string, number>();
  for (const { id, parent, identifier } of tasks) {
    const under = parent === undefined ? "" : (nodeOf.get(parent) ?? "");
    const alike = `${under} ${identifier.version} ${identifier.name}`;
    const isFull = numbers.size >= drawnTasks - 1 && !numbers.has(alike);
    if (isFull) {
      nodeOf.set(id, under === "" ? "more" : under);
      continue;
    }
    const number = numbers.get(alike) ?? numbers.size;
    numbers.set(alike, number);
    nodeOf.set(id, `#${number}`);
  }
  return nodeOf;
}

function assemble(tasks: readonly TreeTask[], nodeOf: NodeOf): Omit<Diagram, "notes"> {
  const nodes = new Map<string, { label: string; optional: boolean; states: Map<TaskState, number> }>();
  const tree = new Map<string, { from: string; to: string }>();
  for (const task of tasks) {
    const key = nodeOf.get(task.id) ?? task.id;
    const node = nodes.get(key) ?? {
      label: firstLine(task.display),
      optional: task.optional,
      states: new Map(),
    };
    nodes.set(key, node);
    node.states.set(task.state, (node.states.get(task.state) ?? 0) + 1);
    const from = task.parent === undefined ? undefined : nodeOf.get(task.parent);
    if (from !== undefined && from !== key) tree.set(`${from} ${key}`, { from, to: key });
  }
  return {
    nodes: [...nodes].map(([key, node]): DiagramNode => ({ key, ...node })),
    tree: [...tree.values()],
    ...dependencies(tasks, nodeOf),
  };
}

/**
 * Groups wait for groups. Between two of several boxes each stands a dot that all lines lead through:
 * a hundred tasks that wait for a hundred others are two hundred lines then, not ten thousand.
 */
function dependencies(tasks: readonly TreeTask[], nodeOf: NodeOf): Pick<Diagram, "dependencies" | "dots"> {
  const boxes = new Map<number, Set<string>>();
  const waitsFor = new Map<number, readonly number[]>();
  for (const { id, group, dependsOn } of tasks) {
    const ofGroup = boxes.get(group) ?? new Set();
    boxes.set(group, ofGroup.add(nodeOf.get(id) ?? id));
    waitsFor.set(group, dependsOn);
  }
  const lines = new Map<string, { from: string; to: string }>();
  const dots: string[] = [];
  const line = (from: string, to: string) => {
    if (from !== to) lines.set(`${from} ${to}`, { from, to });
  };
  for (const [group, dependsOn] of waitsFor) {
    const dependents = boxes.get(group) ?? new Set();
    for (const dependency of dependsOn) {
      const needed = boxes.get(dependency) ?? new Set();
      if (needed.size < 2 || dependents.size < 2) {
        for (const from of needed) for (const to of dependents) line(from, to);
        continue;
      }
      const dot = `${dependency}-${group}`;
      dots.push(dot);
      for (const from of needed) line(from, dot);
      for (const to of dependents) line(dot, to);
    }
  }
  return { dependencies: [...lines.values()], dots };
}

/** A failed task's display goes on with its error. */
function firstLine(display: string): string {
  return display.split("\n", 1)[0] ?? display;
}
