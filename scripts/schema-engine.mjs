#!/usr/bin/env node
// Stands in for Prisma's native schema-engine (a download): the same JSON-RPC over stdio,
// answered by @prisma/schema-engine-wasm through @prisma/adapter-pg.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import * as glue from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'
import { parse } from 'pg-connection-string'

const argv = process.argv.slice(2)
const opt = (name) => argv.flatMap((a, i) => (a === name ? [argv[i + 1]] : []))
const log = (target, fields) => process.stderr.write(`\n${JSON.stringify({ level: 'ERROR', target, fields })}\n`)

const url = new URL(JSON.parse(opt('--datasource')[0] ?? '{}').url ?? 'postgresql://localhost:1/none')
const schema = url.searchParams.get('schema') ?? 'public'
url.searchParams.delete('schema')
const config = parse(url.href) // host, port, ...: a connectionString would override the shadow database's name

if (argv.includes('cli')) {
  const run = async (database, sql) => {
    const db = new pg.Client({ ...config, database })
    await db.connect()
    if (sql) await db.query(sql)
    await db.end()
  }
  try {
    if (argv.includes('can-connect-to-database')) await run(config.database)
    else if (argv.includes('create-database')) await run('postgres', `CREATE DATABASE ${pg.escapeIdentifier(config.database)}`)
    else throw new Error(`unsupported: ${argv.join(' ')}`)
    process.exit(0)
  } catch (e) {
    log('schema_engine::logger', {
      message: e.message || e.code,
      error_code: { '3D000': 'P1003', ECONNREFUSED: 'P1001' }[e.code] ?? 'P1000',
    })
    process.exit(1)
  }
}

// A Rust panic: report it and exit 101, as the native engine does.
globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => log('panic', { message, backtrace: '' }) }
process.on('uncaughtException', (e) => {
  console.error(e.stack)
  process.exit(101)
})
const wasm = readFileSync(
  createRequire(import.meta.url)
    .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    .replace(/js$/, 'wasm'),
)
const { exports } = new WebAssembly.Instance(new WebAssembly.Module(wasm), { './schema_engine_bg.js': glue })
glue.__wbg_set_wasm(exports)
exports.__wbindgen_start()
if (argv.includes('--version')) {
  console.log(`schema-engine-cli ${glue.version()}`)
  process.exit(0)
}

const fix = (adapter) => {
  // adapter-pg splits scripts at every ';' (which breaks $$ bodies): send them whole.
  adapter.executeScript = (sql) =>
    adapter
      .underlyingDriver()
      .query(sql)
      .then(
        () => {},
        (e) => adapter.onError(e),
      )
  // adapter-pg rejects the catalogues' "char" (OID 18): read it as text, then name it Character.
  const proto = Object.getPrototypeOf(Object.getPrototypeOf(adapter))
  if (!proto.fixed) {
    const { queryRaw } = proto
    proto.fixed = true
    proto.queryRaw = async function (query) {
      const io = await this.performIO(query)
      const fields = io.fields.map((f) => (f.dataTypeID === 18 ? { ...f, dataTypeID: 25 } : f))
      const result = await queryRaw.call(Object.create(this, { performIO: { value: async () => ({ ...io, fields }) } }), query)
      io.fields.forEach((f, i) => {
        if (f.dataTypeID === 18) result.columnTypes[i] = ColumnTypeEnum.Character
      })
      return result
    }
  }
  return adapter
}
class Factory extends PrismaPg {
  async connect() {
    return fix(await super.connect())
  }
  async connectToShadowDb() {
    // adapter-pg's own drops the database while still connected to it
    const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`
    const admin = new pg.Client(config)
    await admin.connect()
    await admin.query(`CREATE DATABASE "${database}"`)
    const shadow = fix(await new PrismaPg({ ...config, database }, { schema }).connect())
    const dispose = shadow.dispose.bind(shadow)
    shadow.dispose = async () => {
      await dispose()
      await admin.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`)
      await admin.end()
    }
    return shadow
  }
}

const datamodels = opt('--datamodels').map((path) => [path, readFileSync(path, 'utf8')])
const engine = await glue.SchemaEngine.new(
  { datamodels: datamodels.length ? datamodels : undefined },
  () => {},
  bindMigrationAwareSqlAdapterFactory(new Factory(config, { schema })),
)
const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
let last = Promise.resolve()
createInterface({ input: process.stdin })
  .on('line', (line) => {
    const { id, method, params } = JSON.parse(line)
    if (!method) return // the answer to our own 'print'
    last = last.then(async () => {
      try {
        // The wasm evaluateDataLoss cannot open a shadow database; devDiagnostic can, and the engine keeps its result.
        if (method === 'evaluateDataLoss') await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters })
        const result = await engine[method === 'getDatabaseVersion' ? 'version' : method](params ?? {})
        if (method === 'diff' && result.stdout != null) send({ id: 1e6 + id, method: 'print', params: { content: result.stdout } })
        send({ id, result: result ?? null })
      } catch (e) {
        send({
          id,
          error: { code: 4466, message: e.message, data: { is_panic: false, message: e.message, error_code: e.code, meta: e.meta } },
        })
      }
    })
  })
  .on('close', () => last.finally(() => process.exit(0)))
