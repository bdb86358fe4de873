#!/usr/bin/env node
// The schema engine of Prisma's command line, without its download: speaks the native engine's protocol (JSON-RPC, one message a line) and
// answers from the WebAssembly build of the same engine. Development and the drift check only; prisma.config.ts switches it on. The
// service migrates with packages/database/src/migrate.ts.

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'
import { PrismaPg } from '@prisma/adapter-pg'
import { bindMigrationAwareSqlAdapterFactory, ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import * as engineModule from '@prisma/schema-engine-wasm/schema_engine_bg'
import pg from 'pg'
import { parse } from 'pg-connection-string'

/** Type of the system catalogues that adapter-pg does not know. */
const OID_CHAR = 18
const OID_TEXT = 25
/** Exit codes of the native engine. */
const EXIT_ERROR = 1
const EXIT_PANIC = 101
/** JSON-RPC code of the native engine for an error that it explains. */
const RPC_ERROR = 4466

const argv = process.argv.slice(2)
const { connection, schema } = readTarget()

/** Values of an option that may be repeated. */
function valuesOf(option) {
  return argv.flatMap((argument, i) => (argument === option ? [argv[i + 1]] : []))
}

/** Host, port and so on one by one, since a connection string would override the name of the shadow database. */
function readTarget() {
  const datasource = JSON.parse(valuesOf('--datasource')[0] ?? '{}')
  const url = new URL(datasource.url ?? 'postgresql://localhost:1/none')
  const name = url.searchParams.get('schema') ?? 'public'
  url.searchParams.delete('schema')
  return { connection: parse(url.href), schema: name }
}

/** The log line by which the command line recognizes an error. */
function logError(target, fields) {
  process.stderr.write(`\n${JSON.stringify({ level: 'ERROR', target, fields })}\n`)
}

async function withClient(database, work) {
  const client = new pg.Client({ ...connection, database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

/** `cli can-connect-to-database` and `cli create-database`. */
async function answerCommand() {
  const codes = { '3D000': 'P1003', ECONNREFUSED: 'P1001' }
  try {
    if (argv.includes('can-connect-to-database')) await withClient(connection.database, () => {})
    else if (argv.includes('create-database')) {
      await withClient('postgres', (client) => client.query(`CREATE DATABASE ${pg.escapeIdentifier(connection.database)}`))
    } else throw new Error(`the command "${argv.join(' ')}" is not supported. Expected can-connect-to-database or create-database`)
  } catch (error) {
    logError('schema_engine::logger', { message: error.message || error.code, error_code: codes[error.code] ?? 'P1000' })
    process.exitCode = EXIT_ERROR
  }
}

function loadEngine() {
  globalThis.PRISMA_WASM_PANIC_REGISTRY = { set_message: (message) => logError('panic', { message, backtrace: '' }) }
  process.on('uncaughtException', (error) => {
    process.stderr.write(`${error.stack}\n`)
    process.exit(EXIT_PANIC)
  })
  const path = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
  const compiled = new WebAssembly.Module(readFileSync(path.replace(/js$/, 'wasm')))
  const instance = new WebAssembly.Instance(compiled, { './schema_engine_bg.js': engineModule })
  engineModule.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
  return engineModule
}

/** Answers requests in order until the command line closes the pipe. */
async function serve({ SchemaEngine }) {
  const datamodels = valuesOf('--datamodels').map((path) => [path, readFileSync(path, 'utf8')])
  const engine = await SchemaEngine.new(
    { datamodels: datamodels.length > 0 ? datamodels : undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(new AdapterFactory(connection, { schema })),
  )
  let previous = Promise.resolve()
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const request = JSON.parse(line)
    // Without a method it is the answer to our own `print`.
    if (request.method) previous = previous.then(() => answer(engine, request))
  })
  lines.on('close', () => previous.finally(() => process.exit(0)))
}

async function answer(engine, { id, method, params }) {
  try {
    // Here evaluateDataLoss cannot open a shadow database; devDiagnostic can, and the engine keeps what it found.
    if (method === 'evaluateDataLoss') await engine.devDiagnostic({ migrationsList: params.migrationsList, filters: params.filters })
    const result = await engine[method === 'getDatabaseVersion' ? 'version' : method](params ?? {})
    const isPrinting = method === 'diff' && typeof result.stdout === 'string'
    if (isPrinting) send({ id: `print-${id}`, method: 'print', params: { content: result.stdout } })
    send({ id, result: result ?? null })
  } catch ({ message, code, meta }) {
    send({ id, error: { code: RPC_ERROR, message, data: { is_panic: false, message, error_code: code, meta } } })
  }
}

function send(message) {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

/** adapter-pg with what the schema engine needs beyond it. */
class AdapterFactory extends PrismaPg {
  async connect() {
    return extend(await super.connect())
  }

  /** adapter-pg's own drops the shadow database while it is still connected to it. */
  async connectToShadowDb() {
    const database = `prisma_migrate_shadow_db_${crypto.randomUUID()}`
    await withClient(connection.database, (client) => client.query(`CREATE DATABASE "${database}"`))
    const shadow = extend(await new PrismaPg({ ...connection, database }, { schema }).connect())
    const dispose = shadow.dispose.bind(shadow)
    shadow.dispose = async () => {
      await dispose()
      await withClient(connection.database, (client) => client.query(`DROP DATABASE IF EXISTS "${database}" WITH (FORCE)`))
    }
    return shadow
  }
}

function extend(adapter) {
  // Scripts are sent whole: adapter-pg splits them at every semicolon, those in function bodies too.
  adapter.executeScript = async (sql) => {
    try {
      await adapter.underlyingDriver().query(sql)
    } catch (error) {
      adapter.onError(error)
    }
  }
  // A catalogue column of type "char" is read as text and passed on as a character.
  const performIO = adapter.performIO.bind(adapter)
  const queryRaw = adapter.queryRaw
  adapter.queryRaw = async (query) => {
    const answered = await performIO(query)
    const fields = answered.fields.map((field) => (field.dataTypeID === OID_CHAR ? { ...field, dataTypeID: OID_TEXT } : field))
    const reader = Object.create(adapter, { performIO: { value: async () => ({ ...answered, fields }) } })
    const result = await queryRaw.call(reader, query)
    const columnTypes = result.columnTypes.map((type, i) => (answered.fields[i].dataTypeID === OID_CHAR ? ColumnTypeEnum.Character : type))
    return { ...result, columnTypes }
  }
  return adapter
}

if (argv.includes('cli')) await answerCommand()
else if (argv.includes('--version')) process.stdout.write(`schema-engine-cli ${loadEngine().version()}\n`)
else await serve(loadEngine())
