// A command in the foreground.

import { spawn } from 'node:child_process'

/** @returns {Promise<number>} Its exit code; 128 and more for a signal; 127 when it cannot be run. */
export function run(file, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: 'inherit', ...options })
    // Ctrl-C reaches the child too: it decides, and we wait for it.
    const ignore = () => {}
    const forward = () => child.kill('SIGTERM')
    process.on('SIGINT', ignore)
    process.on('SIGTERM', forward)
    const done = (code) => {
      process.off('SIGINT', ignore)
      process.off('SIGTERM', forward)
      resolve(code)
    }
    child.on('error', (error) => {
      console.error(`${file}: ${error.message}`)
      done(127)
    })
    child.on('exit', (code, signal) => done(code ?? (signal === 'SIGINT' ? 130 : 143)))
  })
}
