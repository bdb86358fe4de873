// The environment of a trainer: what the configuration lets through, and how OpenMP should behave. No credentials.

/**
 * Turns that an idle OpenMP thread spins before it sleeps (GNU's runtime; its default is 300,000). Costs some tenth of a bare step on an idle
 * machine, and keeps training from crawling on a busy one: figures in docs/adr/0005-openmp-threads-spin-briefly.md.
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
