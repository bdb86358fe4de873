// The environment of a trainer: what the configuration lets through, and how OpenMP should behave. No credentials.

/**
 * Turns that an idle OpenMP thread spins before it sleeps (GNU's runtime; some 15 µs). LeNet-5 at batch 128 with its data thread, 2 threads on
 * 2 cores, samples/s: an idle machine gives 12,500 with the default of 300,000 turns, 13,200 with 1,000 and 7,300 without spinning; beside
 * load 6 to 12 it is 660, 3,500 and 3,800. So: long enough for the gap between two primitives, short enough to give the core away.
 */
const SPIN_TURNS = 1000

/** @param inherited what the configuration lets through */
export function trainerEnvironment(inherited: Readonly<Record<string, string>>, threads: number): Record<string, string> {
  return {
    ...inherited,
    NODE_ENV: 'production',
    OMP_NUM_THREADS: String(threads),
    OMP_DYNAMIC: 'FALSE',
    GOMP_SPINCOUNT: String(SPIN_TURNS),
  }
}
