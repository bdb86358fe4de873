// Preloaded into a trainer before anything else: takes away from the process what training does not need. On Linux the kernel enforces it
// for this thread and every thread and process that comes from it: files by Landlock (the code, the libraries, and the two directories that
// the supervisor made for this trainer), sockets by seccomp. CommonJS and synchronous, since it has to run before the thread pool, the loader
// and the data thread exist: they inherit what their creator may do. What is enforced where: docs/adr/0007-confinement-of-trainers.md.

const { closeSync, constants, existsSync, openSync, statSync } = require('node:fs')
const { endianness } = require('node:os')
const { dirname, join } = require('node:path')
const { isMainThread } = require('node:worker_threads')

/** Where confine() leaves what it achieved; trainer/confinement.ts reads it. */
const RESULT = Symbol.for('trainyard.confinement')
const ROOT = join(__dirname, '../../../..')

/** linux/landlock.h: access rights of files, with the version of the interface that brought them. */
const RIGHTS = [
  { name: 'execute', bit: 0, since: 1, ofFile: true },
  { name: 'writeFile', bit: 1, since: 1, ofFile: true },
  { name: 'readFile', bit: 2, since: 1, ofFile: true },
  { name: 'readDir', bit: 3, since: 1, ofFile: false },
  { name: 'removeDir', bit: 4, since: 1, ofFile: false },
  { name: 'removeFile', bit: 5, since: 1, ofFile: false },
  { name: 'makeChar', bit: 6, since: 1, ofFile: false },
  { name: 'makeDir', bit: 7, since: 1, ofFile: false },
  { name: 'makeReg', bit: 8, since: 1, ofFile: false },
  { name: 'makeSock', bit: 9, since: 1, ofFile: false },
  { name: 'makeFifo', bit: 10, since: 1, ofFile: false },
  { name: 'makeBlock', bit: 11, since: 1, ofFile: false },
  { name: 'makeSym', bit: 12, since: 1, ofFile: false },
  { name: 'refer', bit: 13, since: 2, ofFile: false },
  { name: 'truncate', bit: 14, since: 3, ofFile: true },
]
const READ = ['execute', 'readFile', 'readDir']
const WRITE = ['readFile', 'readDir', 'writeFile', 'truncate', 'removeDir', 'removeFile', 'makeDir', 'makeReg']
const DEVICE = ['readFile', 'writeFile']

/** Numbers of system calls are the same on every architecture since Linux 5.1. */
const LANDLOCK = { createRuleset: 444, addRule: 445, restrictSelf: 446 }
const LANDLOCK_CREATE_RULESET_VERSION = 1
const LANDLOCK_RULE_PATH_BENEATH = 1
/** TCP: bind and connect, from version 4. Abstract sockets and signals to others, from version 6. */
const ALL_OF_NET = 0b11n
const ALL_SCOPES = 0b11n

const PR_SET_NO_NEW_PRIVS = 38
const SECCOMP_SET_MODE_FILTER = 1
/** Also for the threads that exist already. */
const SECCOMP_FILTER_FLAG_TSYNC = 1
const BPF = { loadWord: 0x20, jumpIfEqual: 0x15, jumpIfAtLeast: 0x35, return: 0x06 }
const SECCOMP = { allow: 0x7fff0000, errno: 0x00050000, killProcess: 0x80000000 }
/** linux/seccomp.h, struct seccomp_data: offsets. */
const DATA = { number: 0, architecture: 4 }
const EACCES = 13
const ENOSYS = 38

/**
 * Refused calls by architecture. socketpair stays: Node's pipes to child processes are made of it, and it reaches nobody else. io_uring, which
 * could open sockets past the filter, looks as if the kernel had none.
 */
const CALLS = {
  x64: {
    audit: 0xc000003e,
    seccomp: 317,
    // Numbers from here on are those of x32.
    limit: 0x40000000,
    refused: {
      socket: 41,
      connect: 42,
      accept: 43,
      bind: 49,
      listen: 50,
      accept4: 288,
      ptrace: 101,
      process_vm_readv: 310,
      process_vm_writev: 311,
      pidfd_getfd: 438,
      mount: 165,
      unshare: 272,
      setns: 308,
      bpf: 321,
      perf_event_open: 298,
      add_key: 248,
      request_key: 249,
      keyctl: 250,
    },
  },
  arm64: {
    audit: 0xc00000b7,
    seccomp: 277,
    limit: null,
    refused: {
      socket: 198,
      connect: 203,
      accept: 202,
      bind: 200,
      listen: 201,
      accept4: 242,
      ptrace: 117,
      process_vm_readv: 270,
      process_vm_writev: 271,
      pidfd_getfd: 438,
      mount: 40,
      unshare: 97,
      setns: 268,
      bpf: 280,
      perf_event_open: 241,
      add_key: 217,
      request_key: 218,
      keyctl: 219,
    },
  },
}
const IO_URING_SETUP = 425

if (isMainThread) globalThis[RESULT] = confine()

function confine() {
  const calls = CALLS[process.arch]
  if (process.platform !== 'linux' || calls === undefined || endianness() !== 'LE') return { files: 'none', sockets: 'none' }
  const koffi = require('koffi')
  const libc = koffi.load(null)
  const argument = { number: 'int64', pointer: 'void *' }
  const call = (kinds) => libc.func('syscall', 'int64', ['int64', ...kinds.map((kind) => argument[kind])])
  const kernel = {
    createRuleset: call(['pointer', 'number', 'number']),
    addRule: call(['number', 'number', 'pointer', 'number']),
    restrictSelf: call(['number', 'number']),
    seccomp: call(['number', 'number', 'pointer']),
    prctl: libc.func('prctl', 'int', ['int', 'int64', 'int64', 'int64', 'int64']),
    errno: () => koffi.errno(),
    addressOf: (buffer) => koffi.address(buffer),
  }
  if (kernel.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) !== 0) throw failure('prctl', kernel)
  const files = confineFiles(kernel)
  return { files, sockets: confineSockets(kernel, calls) }
}

function confineFiles(kernel) {
  const version = Number(kernel.createRuleset(LANDLOCK.createRuleset, null, 0, LANDLOCK_CREATE_RULESET_VERSION))
  // Not in the kernel, or switched off.
  if (version < 1) return 'none'
  const known = RIGHTS.filter(({ since }) => since <= version)
  const maskOf = (rights) => rights.reduce((mask, { bit }) => mask | (1n << BigInt(bit)), 0n)
  const words = [maskOf(known), ...(version >= 4 ? [ALL_OF_NET] : []), ...(version >= 6 ? [ALL_SCOPES] : [])]
  const attributes = Buffer.alloc(8 * words.length)
  for (const [i, word] of words.entries()) attributes.writeBigUInt64LE(word, 8 * i)
  const ruleset = Number(kernel.createRuleset(LANDLOCK.createRuleset, attributes, attributes.length, 0))
  if (ruleset < 0) throw failure('landlock_create_ruleset', kernel)
  for (const { path, rights } of allowedPaths()) {
    if (!existsSync(path)) continue
    const isDirectory = statSync(path).isDirectory()
    const mask = maskOf(known.filter(({ name, ofFile }) => rights.includes(name) && (isDirectory || ofFile)))
    // O_PATH is not among Node's constants; reading is what all of them allow.
    const opened = openSync(path, constants.O_RDONLY)
    const rule = Buffer.alloc(12)
    rule.writeBigUInt64LE(mask, 0)
    rule.writeInt32LE(opened, 8)
    const added = kernel.addRule(LANDLOCK.addRule, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0)
    closeSync(opened)
    if (Number(added) !== 0) throw failure(`landlock_add_rule for ${path}`, kernel)
  }
  if (Number(kernel.restrictSelf(LANDLOCK.restrictSelf, ruleset, 0)) !== 0) throw failure('landlock_restrict_self', kernel)
  closeSync(ruleset)
  return `landlock ${version}`
}

/** The current directory is the trainer's own: `files` for what it is granted, `work` for what it writes. */
function allowedPaths() {
  // biome-ignore lint/style/noProcessEnv: what the dynamic linker reads, not a setting of ours.
  const libraries = (process.env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean)
  const read = [
    // This trainer's code, and the native libraries it loads.
    dirname(process.argv[1]),
    join(ROOT, 'node_modules'),
    dirname(process.execPath),
    '/usr',
    '/bin',
    '/lib',
    '/lib64',
    ...libraries,
    '/etc/ld.so.cache',
    '/etc/localtime',
    '/etc/ssl/openssl.cnf',
    '/proc',
    '/sys/devices/system',
    '/sys/fs/cgroup',
    '/dev/urandom',
    join(process.cwd(), 'files'),
  ]
  return [
    ...read.map((path) => ({ path, rights: READ })),
    { path: '/dev/null', rights: DEVICE },
    { path: join(process.cwd(), 'work'), rights: WRITE },
  ]
}

function confineSockets(kernel, { audit, seccomp, limit, refused }) {
  const refuse = (number, errno) => [instruction(BPF.jumpIfEqual, number, 0, 1), instruction(BPF.return, SECCOMP.errno | errno)]
  const program = [
    instruction(BPF.loadWord, DATA.architecture),
    instruction(BPF.jumpIfEqual, audit, 1, 0),
    instruction(BPF.return, SECCOMP.killProcess),
    instruction(BPF.loadWord, DATA.number),
    ...(limit === null ? [] : [instruction(BPF.jumpIfAtLeast, limit, 0, 1), instruction(BPF.return, SECCOMP.killProcess)]),
    ...Object.values(refused).flatMap((number) => refuse(number, EACCES)),
    ...refuse(IO_URING_SETUP, ENOSYS),
    instruction(BPF.return, SECCOMP.allow),
  ]
  const filter = Buffer.concat(program)
  // struct sock_fprog: a 16-bit length, padding, a pointer.
  const header = Buffer.alloc(16)
  header.writeUInt16LE(program.length, 0)
  header.writeBigUInt64LE(BigInt(kernel.addressOf(filter)), 8)
  const result = kernel.seccomp(seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, header)
  // A kernel without seccomp; one that has it and refuses is another matter.
  if (Number(result) !== 0 && kernel.errno() === 22) return 'none'
  if (Number(result) !== 0) throw failure('seccomp', kernel)
  return 'seccomp'
}

/** struct sock_filter. */
function instruction(code, k, jumpIfTrue = 0, jumpIfFalse = 0) {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt16LE(code, 0)
  bytes.writeUInt8(jumpIfTrue, 2)
  bytes.writeUInt8(jumpIfFalse, 3)
  bytes.writeUInt32LE(k >>> 0, 4)
  return bytes
}

function failure(what, kernel) {
  return new Error(`the trainer could not be confined: ${what} failed with errno ${kernel.errno()}`)
}
