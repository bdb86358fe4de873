// Exit code 0 when the API in this container is ready.

const { ok } = await fetch(`http://127.0.0.1:${process.env.PORT}/readyz`).catch(() => ({ ok: false }))
process.exitCode = ok ? 0 : 1
