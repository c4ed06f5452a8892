/** The objects of a fleet, and how often its instances change. */
export interface Fleet {
  /** Instances of all definitions together. */
  readonly instances: number;
  /** Objects of each instance. */
  readonly children: number;
  /** Created instances, and changes of a spec that change every child, in all instances together. */
  readonly changesPerHour: number;
}

/** What the controllers of a fleet need. */
export interface FleetSize {
  /** The number of processes that divide the work; at most one for each definition. */
  readonly processes: number;
  /** Resident memory of each process at rest, and its peak during a restart, in units of 2²⁰ bytes. */
  readonly restMb: number;
  readonly peakMb: number;
  /**
   * A memory limit for the container of each process, in MiB: one and a half times the peak, rounded up to a multiple
   * of 128. The peak is that of the Node version of the image.
   */
  readonly limitMi: number;
  /** Processors that each process needs for the changes, as an average of the hour. */
  readonly cores: number;
  /** The least CPU request for the container of each process, in thousandths of a CPU: `cores`, in steps of 50. */
  readonly leastRequestMilli: number;
  /** Requests to the API server, of all processes together. */
  readonly requestsPerHour: number;
  /** Processor time of a restart of each process. */
  readonly restartCpuSeconds: number;
}

const MIB = 2 ** 20;
/** Resident memory without an instance. */
const BASE_REST_MB = 52.8;
const BASE_PEAK_MB = 66;
const INSTANCE_BYTES = 2700;
const CHILD_BYTES = 700;
/** Bytes that each object, instance or child, adds to the peak of a restart. */
const PEAK_OBJECT_BYTES = 1830;
/** Writes of an instance itself: finalizer, labels, record of its objects, status, event. */
const INSTANCE_REQUESTS = 5;
const INSTANCE_CPU_MS = 3;
const CHILD_CPU_MS = 0.75;
const RESTART_BASE_CPU_MS = 200;
const RESTART_INSTANCE_CPU_MS = 0.46;
const RESTART_CHILD_CPU_MS = 0.09;
/** The maximum average load of a process. The number of processes keeps this maximum and `MAX_OBJECTS`. */
const MAX_CORES = 0.5;
/** The maximum number of objects of a process: instances and their children. */
const MAX_OBJECTS = 250_000;
const LIMIT_FACTOR = 1.5;
const LIMIT_STEP_MI = 128;
/**
 * What Node 24 adds to the peak of Node 20: 92 MB instead of 74 MB with 1000 instances of five children
 * (`docs/controller-figures.md`). The image has Node 24, and the fleets were measured with Node 20.
 */
const NODE_24_PEAK_MB = 18;
const REQUEST_STEP_MILLI = 50;

/** The size of the controllers of a fleet. The constants are from the measurements of `docs/scale.md`. */
export function fleetSize({ instances, children, changesPerHour }: Fleet): FleetSize {
  const objects = instances * (1 + children);
  const allCores = (changesPerHour * (INSTANCE_CPU_MS + children * CHILD_CPU_MS)) / 3_600_000;
  const processes = Math.max(1, Math.ceil(allCores / MAX_CORES), Math.ceil(objects / MAX_OBJECTS));
  const held = instances / processes;
  const peakMb = BASE_PEAK_MB + (held * (1 + children) * PEAK_OBJECT_BYTES) / MIB;
  return {
    processes,
    restMb: BASE_REST_MB + (held * (INSTANCE_BYTES + children * CHILD_BYTES)) / MIB,
    peakMb,
    limitMi: stepsUp((peakMb + NODE_24_PEAK_MB) * LIMIT_FACTOR, LIMIT_STEP_MI),
    cores: allCores / processes,
    leastRequestMilli: stepsUp((allCores / processes) * 1000, REQUEST_STEP_MILLI),
    requestsPerHour: changesPerHour * (INSTANCE_REQUESTS + children),
    restartCpuSeconds:
      (RESTART_BASE_CPU_MS + held * (RESTART_INSTANCE_CPU_MS + children * RESTART_CHILD_CPU_MS)) / 1000,
  };
}

/** The least multiple of `step` that is not below `value`, and at least one step. */
const stepsUp = (value: number, step: number): number => Math.max(1, Math.ceil(value / step)) * step;
