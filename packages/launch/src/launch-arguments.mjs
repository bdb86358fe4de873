import { fileURLToPath } from 'node:url'

const RUN = fileURLToPath(new URL('run.mjs', import.meta.url))

export const launchArguments = (file, ...args) => [RUN, file, ...args]
