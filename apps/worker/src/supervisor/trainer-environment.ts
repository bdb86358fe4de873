// The environment of a trainer: what the configuration lets through, how OpenMP should behave, what its memory is made of. No credentials.

/**
 * Turns that an idle OpenMP thread spins before it sleeps (GNU's runtime; its default is 300,000). Costs some tenth of a bare step on an idle
 * machine, and keeps training from crawling on a busy one: figures in docs/adr/0005-openmp-threads-spin-briefly.md.
 */
const SPIN_TURNS = 1000

/**
 * glibc's malloc, which says nothing to other C libraries.
 *
 * `arena_max`: threads share two heaps. Else each thread of libuv and libvips may have one of its own, and returns none of it: a bound on what
 * preparing many small pictures holds where all threads run at once (docs/reports/2026-11-26-preparation.md).
 *
 * `hugetlb`: large allocations in pages of 2 MB where the kernel gives them on request (glibc 2.35 and later, Linux's default `madvise`; elsewhere the
 * variable says nothing): activations are passed over many times a step. Figures in docs/adr/0016-huge-pages-for-trainers.md.
 */
const MALLOC = 'glibc.malloc.hugetlb=1:glibc.malloc.arena_max=2'

/** @param inherited what the configuration lets through */
export function trainerEnvironment(inherited: Readonly<Record<string, string>>, threads: number): Record<string, string> {
  return {
    ...inherited,
    NODE_ENV: 'production',
    OMP_NUM_THREADS: String(threads),
    OMP_DYNAMIC: 'FALSE',
    GOMP_SPINCOUNT: String(SPIN_TURNS),
    GLIBC_TUNABLES: MALLOC,
  }
}
