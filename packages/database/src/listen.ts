// Hints from the database (LISTEN), on a connection of their own that is made again when it breaks. Hints may be lost; whoever listens
// also polls, slowly.

import pg from 'pg'

/** `outbox`: messages wait for the relay. `stop`: a cancellation or pause was requested; the payload is the run's id.
 * `finished`: a job has ended; the payload is its id. */
export type Channel = 'trainyard_outbox' | 'trainyard_stop' | 'trainyard_finished'

export interface ListenOptions {
  readonly url: string
  readonly channels: readonly Channel[]
  readonly onHint: (channel: Channel, payload: string) => void
  /** Connected, for the first time or again: hints may have been missed before. */
  readonly onConnected?: () => void
  readonly onError?: (error: Error) => void
  /** Between attempts to connect. Default 1 s. */
  readonly reconnectDelayMs?: number
}

export interface Listener {
  close(): Promise<void>
}

/** Returns at once; `onConnected` tells when it listens. */
export function listen(options: ListenOptions): Listener {
  const { url, channels, onHint, onConnected, onError, reconnectDelayMs = 1000 } = options
  let client: pg.Client | null = null
  let timer: NodeJS.Timeout | null = null
  let isClosed = false

  const reconnect = () => {
    if (isClosed || timer !== null) return
    timer = setTimeout(() => {
      timer = null
      connect()
    }, reconnectDelayMs)
  }

  const connect = () => {
    const mine = new pg.Client({
      connectionString: url,
      application_name: 'trainyard-listen',
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
    })
    client = mine
    mine.on('error', (error) => onError?.(error))
    mine.on('end', reconnect)
    mine.on('notification', ({ channel, payload }) => {
      const known = channels.find((name) => name === channel)
      if (known !== undefined) onHint(known, payload ?? '')
    })
    start(mine).catch((error: unknown) => {
      onError?.(error instanceof Error ? error : new Error(String(error)))
      mine.end().catch(() => {})
      reconnect()
    })
  }

  const start = async (mine: pg.Client) => {
    await mine.connect()
    await mine.query(channels.map((channel) => `LISTEN ${channel}`).join('; '))
    onConnected?.()
  }

  connect()
  return {
    close: async () => {
      isClosed = true
      if (timer !== null) clearTimeout(timer)
      await client?.end().catch(() => {})
    },
  }
}
