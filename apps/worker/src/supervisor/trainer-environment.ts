// The environment of a trainer: what the configuration lets through, how OpenMP should behave, what its memory is made of. No credentials.

/**
 * Turns that an idle OpenMP thread spins before it sleeps (GNU's runtime; its default is 300,000). Costs some tenth of a bare step on an idle
 * machine, and keeps training from crawling on a busy one: figures in docs/adr/0005-openmp-threads-spin-briefly.md.
 */
const SPIN_TURNS = 1000

/** Decodes pictures, beside the thread that asks for them; more than there are cores cost system time (docs/reports/2026-11-26-preparation.md). */
const POOL_MIN = 2

/** @param inherited what the configuration lets through */
export function trainerEnvironment(inherited: Readonly<Record<string, string>>, threads: number): Record<string, string> {
  const pool = Math.max(POOL_MIN, threads)
  return {
    ...inherited,
    NODE_ENV: 'production',
    UV_THREADPOOL_SIZE: String(pool),
    OMP_NUM_THREADS: String(threads),
    OMP_DYNAMIC: 'FALSE',
    GOMP_SPINCOUNT: String(SPIN_TURNS),
    GLIBC_TUNABLES: mallocOf(pool),
  }
}

/**
 * glibc's malloc, which says nothing to other C libraries.
 *
 * `arena_max`: a heap for each thread of the pool and two for the rest. Without a bound each thread that libvips starts may have one of its own, and returns
 * none of it; with fewer they wait for each other (figures in docs/reports/2026-11-26-preparation.md).
 *
 * `hugetlb`: large allocations in pages of 2 MB where the kernel gives them on request (glibc 2.35 and later, Linux's default `madvise`; elsewhere the
 * variable says nothing): activations are passed over many times a step. Figures in docs/adr/0016-huge-pages-for-trainers.md.
 */
function mallocOf(pool: number): string {
  return `glibc.malloc.hugetlb=1:glibc.malloc.arena_max=${pool + 2}`
}
