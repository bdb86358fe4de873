// The environment of a trainer: what the configuration lets through, and how OpenMP should behave. No credentials.

/**
 * @param inherited what the configuration lets through
 * @param runs how many trainers share the processors: threads that wait must not spin where another run could compute
 */
export function trainerEnvironment(inherited: Readonly<Record<string, string>>, threads: number, runs: number): Record<string, string> {
  return {
    ...inherited,
    NODE_ENV: 'production',
    OMP_NUM_THREADS: String(threads),
    OMP_DYNAMIC: 'FALSE',
    ...(runs > 1 ? { OMP_WAIT_POLICY: 'PASSIVE' } : {}),
  }
}
