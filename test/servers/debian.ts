// Unpacks servers of newer Debian suites beside the system, nothing installed, and makes them run with their own libc.
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { cacheFolder, exists, runProgram } from './system.ts'

export interface DebianTree {
  readonly name: string
  readonly suite: string
  readonly packages: readonly string[]
  /** Programs to run, relative to the root of the tree. */
  readonly programs: readonly string[]
}

const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** Root of the unpacked tree, from the cache if it was unpacked before. Delete the cache to get newer packages. */
export async function debianTree(tree: DebianTree): Promise<string> {
  const recipe = createHash('sha256').update(JSON.stringify(tree)).digest('hex').slice(0, 8)
  const cache = await cacheFolder()
  const final = join(cache, `${tree.name}-${tree.suite}-${recipe}`)
  if (await exists(final)) return final
  if (process.arch !== 'x64') throw new Error(`${tree.name} is only set up for x64 machines, this is ${process.arch}`)
  await runProgram(['patchelf', '--version'])
  const work = await mkdtemp(join(cache, 'unpack-'))
  try {
    await download(tree, work)
    const root = join(work, 'root')
    await unpack(work, root)
    await useOwnLibc(root, final, tree.programs)
    // Another process may have been faster; its tree is as good.
    await rename(root, final).catch(async (error: unknown) => {
      if (!(await exists(final))) throw error
    })
    return final
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function download({ name, suite, packages }: DebianTree, work: string): Promise<void> {
  await Promise.all(['lists/partial', 'debs', 'root'].map((folder) => mkdir(join(work, folder), { recursive: true })))
  await writeFile(join(work, 'sources.list'), `deb [signed-by=${keyring}] ${await mirror()} ${suite} main\n`)
  const apt = [
    'apt-get',
    '-q',
    ...Object.entries(privateApt(work)).flatMap(([key, value]) => ['-o', `${key}=${value}`]),
  ]
  await runProgram([...apt, 'update'])
  await runProgram([...apt, 'download', ...packages], join(work, 'debs')).catch((error: unknown) => {
    const advice = `If a library was renamed in ${suite}, put the new name into test/servers/catalogue.ts.`
    throw new Error(`cannot download ${name} from Debian ${suite}. ${advice}\n${String(error)}`, { cause: error })
  })
}

/** Settings that keep apt away from the system's own state. */
function privateApt(work: string): Record<string, string> {
  return {
    'Dir::Etc::sourcelist': join(work, 'sources.list'),
    'Dir::Etc::sourceparts': '/dev/null',
    'Dir::Etc::preferences': '/dev/null',
    'Dir::Etc::preferencesparts': '/dev/null',
    'Dir::State': work,
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::State::status': '/dev/null',
    'Dir::Cache': work,
    'Acquire::Languages': 'none',
    'Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled': 'false',
    // A mirror's copy of sid may be some days old; the signature is still checked.
    'Acquire::Check-Valid-Until': 'false',
    'Acquire::Retries': '3',
    'APT::Sandbox::User': userInfo().username,
  }
}

/** The Debian mirror this machine already uses. */
async function mirror(): Promise<string> {
  const format = '$(REPO_URI)|$(LABEL)|$(ORIGIN)'
  const targets = (await runProgram(['apt-get', 'indextargets', '--format', format])).split('\n')
  const uri = targets
    .map((line) => line.split('|'))
    .find(([, label, origin]) => label === 'Debian' && origin === 'Debian')
  if (!uri?.[0]) throw new Error('no Debian mirror in the apt sources of this machine, or `apt-get update` never ran')
  return uri[0]
}

async function unpack(work: string, root: string): Promise<void> {
  const skipped = ['./usr/share/doc*', './usr/share/man*', './usr/share/locale*', '*/bitcode*', '*/llvmjit*']
  const exclude = skipped.map((glob) => `--exclude='${glob}'`).join(' ')
  // The folder mkdtemp makes is private; the server runs as another user.
  await runProgram(['chmod', '755', root])
  for (const deb of await readdir(join(work, 'debs'))) {
    const script = `set -e; dpkg-deb --fsys-tarfile "$1" | tar -x --no-same-owner -C "$2" ${exclude}`
    await runProgram(['sh', '-c', script, 'unpack', join(work, 'debs', deb), root])
  }
}

/** The paths written into the programs are those the tree has after the rename. */
async function useOwnLibc(root: string, final: string, programs: readonly string[]): Promise<void> {
  const libraries = join(final, 'usr/lib/x86_64-linux-gnu')
  const paths = ['--set-interpreter', join(libraries, 'ld-linux-x86-64.so.2'), '--force-rpath', '--set-rpath']
  for (const program of programs) {
    await runProgram(['patchelf', ...paths, `${libraries}:${libraries}/private`, join(root, program)])
  }
}
