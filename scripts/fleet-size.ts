/** The objects of a fleet, and how often its instances change. */
export interface Fleet {
  /** Instances of all definitions together. */
  readonly instances: number;
  /** Objects of each instance. */
  readonly children: number;
  /**
   * The number of changes per hour, summed over all instances. A change is the creation of an instance, or an edit of
   * its spec that changes every child.
   */
  readonly changesPerHour: number;
  /** The number of definitions. Each definition declares a separate kind. Default 1. */
  readonly definitions?: number;
}

/** The resources that the controllers of a fleet need. */
export interface FleetSize {
  /** The number of processes that divide the work; at most one per definition. */
  readonly processes: number;
  /** Resident memory of each process at rest, and its peak during a restart, in units of 2²⁰ bytes. */
  readonly restMb: number;
  readonly peakMb: number;
  /**
   * A memory limit for the container of each process, in MiB: one and a half times the peak, rounded up to a multiple
   * of 128. The peak is that of the Node version of the image.
   */
  readonly limitMi: number;
  /** The average number of processors that each process uses for the changes. */
  readonly cores: number;
  /** The minimum CPU request for the container of each process, in thousandths of a CPU: `cores`, in steps of 50. */
  readonly leastRequestMilli: number;
  /** Requests to the API server per hour, of all processes together. */
  readonly requestsPerHour: number;
  /** Processor time of a restart of each process, in seconds. */
  readonly restartCpuSeconds: number;
}

const MIB = 2 ** 20;
/** Resident memory without an instance, with one definition. */
const BASE_REST_MB = 52.8;
const BASE_PEAK_MB = 66;
const INSTANCE_BYTES = 2700;
const CHILD_BYTES = 700;
/**
 * Memory that each additional definition adds: the watch of its kind, its graph and its schema. When several processes
 * share a fleet, they divide the watches of instances. This division was not measured with many definitions, so the
 * estimate counts all definitions in each process.
 */
const DEFINITION_MB = 0.156;
/** Bytes that each object, instance or child, adds to the peak of a restart. */
const PEAK_OBJECT_BYTES = 1830;
/** Writes for the instance itself: finalizer, labels, inventory, status, event. */
const INSTANCE_REQUESTS = 5;
const INSTANCE_CPU_MS = 3;
const CHILD_CPU_MS = 0.75;
const RESTART_BASE_CPU_MS = 200;
const RESTART_INSTANCE_CPU_MS = 0.46;
const RESTART_CHILD_CPU_MS = 0.09;
/**
 * From this number of objects on, V8 lets the heap of a process grow, and garbage collection costs more processor time.
 * The next larger measurement has 300,000 objects; between these two measurements the growth is assumed to be linear.
 */
const LARGE_HEAP_OBJECTS = 60_000;
const LARGE_HEAP_OBJECT_BYTES = 560;
/** Each object above `LARGE_HEAP_OBJECTS` increases the processor time by this fraction. */
const LARGE_HEAP_OBJECT_CPU = 2.1e-6;
/**
 * The maximum average load of a process. The number of processes is chosen so that no process exceeds this load or
 * `MAX_OBJECTS`, as far as the number of definitions allows this.
 */
const MAX_CORES = 0.5;
/** The maximum number of objects of a process: instances and their children. */
const MAX_OBJECTS = 250_000;
const LIMIT_FACTOR = 1.5;
const LIMIT_STEP_MI = 128;
/**
 * The peak memory of a restart is higher on Node 24 than on Node 20 by this amount. With 1000 instances of five
 * children, it is 102 MB instead of 78 MB (`docs/controller-figures.md`). The image has Node 24, and the fleets were
 * measured with Node 20.
 */
const NODE_24_PEAK_MB = 24;
const REQUEST_STEP_MILLI = 50;

/** The size of the controllers of a fleet. The constants are from the measurements of `docs/scale.md`. */
export function fleetSize(fleet: Fleet): FleetSize {
  const atLeast = [1, minimumCores(fleet) / MAX_CORES, (fleet.instances * (1 + fleet.children)) / MAX_OBJECTS];
  // One definition cannot be divided among processes.
  const most = Math.max(1, fleet.definitions ?? 1);
  let size = sizeInProcesses(fleet, Math.min(most, Math.ceil(Math.max(...atLeast))));
  // The minimum assumes small heaps. Large heaps need more processor time, so processes are added until the load fits.
  while (size.cores > MAX_CORES && size.processes < most) size = sizeInProcesses(fleet, size.processes + 1);
  return size;
}

/** The average number of processors that all changes need, in processes with small heaps. */
const minimumCores = ({ children, changesPerHour }: Fleet): number =>
  (changesPerHour * (INSTANCE_CPU_MS + children * CHILD_CPU_MS)) / 3_600_000;

/** The size of the controllers when a given number of processes divides the fleet. */
export function sizeInProcesses(fleet: Fleet, processes: number): FleetSize {
  const { instances, children, changesPerHour, definitions = 1 } = fleet;
  const held = instances / processes;
  const furtherObjects = Math.max(0, held * (1 + children) - LARGE_HEAP_OBJECTS);
  const slowdown = 1 + furtherObjects * LARGE_HEAP_OBJECT_CPU;
  const cores = (minimumCores(fleet) / processes) * slowdown;
  const definitionsMb = Math.max(0, definitions - 1) * DEFINITION_MB;
  const heldBytes = held * (INSTANCE_BYTES + children * CHILD_BYTES) + furtherObjects * LARGE_HEAP_OBJECT_BYTES;
  const restMb = BASE_REST_MB + definitionsMb + heldBytes / MIB;
  // With few children, an instance takes more memory at rest than a restart adds for its objects.
  const restartMb = BASE_PEAK_MB + definitionsMb + (held * (1 + children) * PEAK_OBJECT_BYTES) / MIB;
  const peakMb = Math.max(restMb, restartMb);
  return {
    processes,
    restMb,
    peakMb,
    limitMi: stepsUp((peakMb + NODE_24_PEAK_MB) * LIMIT_FACTOR, LIMIT_STEP_MI),
    cores,
    leastRequestMilli: stepsUp(cores * 1000, REQUEST_STEP_MILLI),
    requestsPerHour: changesPerHour * (INSTANCE_REQUESTS + children),
    restartCpuSeconds:
      (RESTART_BASE_CPU_MS + held * (RESTART_INSTANCE_CPU_MS + children * RESTART_CHILD_CPU_MS) * slowdown) / 1000,
  };
}

/** Rounds `value` up to a multiple of `step`. The result is at least one step. */
const stepsUp = (value: number, step: number): number => Math.max(1, Math.ceil(value / step)) * step;
