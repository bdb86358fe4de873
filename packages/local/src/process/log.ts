/** One line for whoever runs the service. */
export type Log = (message: string) => void
