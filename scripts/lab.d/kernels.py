# SPDX-License-Identifier: MIT
"""The user-mode kernels: source, configuration, build.

A build folder is named after a hash of all that goes into it, and holds
`key`, written when the build is complete. So a changed fragment rebuilds,
and an interrupted build never looks finished.
"""

import glob
import hashlib
import json
import os
import re
import shutil
import subprocess
import time

import packages
from common import (LAB_D, Error, cache, check_space, lock, need, read, run,
                    say, write)

BUILD_TOOLS = ('gcc', 'make', 'flex', 'bison', 'bc', 'xz', 'rsync', 'depmod',
               'patch')

# name -> the fragments, in order
UML = {
    'uml': ('uml-base', 'uml'),
    'uml-smp': ('uml-base', 'uml-smp'),
    'uml-debug': ('uml-base', 'uml-debug'),
}


def resolve(what, find):
    """Looks the newest up once and keeps to it until `lab update`."""
    path = os.path.join(cache(), 'resolved.json')
    with lock('resolved'):
        known = json.loads(read(path, '{}'))
        if what not in known:
            known[what] = find()
            write(path, json.dumps(known, indent=1) + '\n')
        return known[what]


def forget_resolved():
    path = os.path.join(cache(), 'resolved.json')
    if os.path.exists(path):
        os.unlink(path)
    packages.forget()


def find_source(which):
    name = 'linux-source-6.1' if which == '6.1' else packages.newest_source()
    suite = 'bookworm' if which == '6.1' else None
    return [name, packages.newest(name, suite)]


def patches(which):
    """What we change in a kernel's source: bugs that our tests run into."""
    if which == '6.1':
        return []
    return sorted(glob.glob(os.path.join(LAB_D, 'patches', '*.patch')))


def patch_key(which):
    text = ''.join(read(path) for path in patches(which))
    return hashlib.sha256(text.encode()).hexdigest()[:8] if text else ''


def try_patch(folder, path, *options):
    """Whether it would apply."""
    return not subprocess.run(
        ['patch', '-p1', '--dry-run', '--force', '--silent', *options, '-i',
         path], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL).returncode


def apply_patches(which, folder):
    """In place, so that only what they touch is compiled again. A copy of
    each stays in the folder: with it, it can be taken back."""
    log = f'{folder}.patches'
    wanted = {f'{folder}/.{os.path.basename(path)}': path
              for path in patches(which)}
    for stamp in sorted(glob.glob(f'{folder}/.*.patch'), reverse=True):
        if stamp not in wanted or read(stamp) != read(wanted[stamp]):
            run(['patch', '-p1', '-R', '--force', '-i', stamp], log,
                f'taking back {stamp}', cwd=folder)
            os.unlink(stamp)
    for stamp, path in wanted.items():
        if os.path.exists(stamp):
            continue
        name = os.path.basename(path)
        if try_patch(folder, path):
            run(['patch', '-p1', '--force', '-i', path], log,
                f'patching the kernel with {name}', cwd=folder)
            write(stamp, read(path))
        elif not try_patch(folder, path, '-R'):
            raise Error(f'{name} does not apply to this kernel: adapt or '
                        'remove it')


def source(which):
    """Folder of the unpacked source: which is '6.1' or 'latest'."""
    name, version = resolve(f'source-{which}', lambda: find_source(which))
    folder = os.path.join(cache('source'), packages.safe(version))
    with lock(f'source-{which}'):
        if os.path.exists(folder):
            apply_patches(which, folder)
            return folder
        need(*BUILD_TOOLS)
        check_space(cache('source'), 3000)
        deb = packages.fetch(name, version)
        say(f'unpacking {name} {version}')
        partial = f'{folder}.partial'
        shutil.rmtree(partial, ignore_errors=True)
        packages.unpack(deb, f'{partial}/deb')
        os.makedirs(f'{partial}/tree')
        tar = glob.glob(f'{partial}/deb/usr/src/*.tar.xz')[0]
        run(['tar', '-C', f'{partial}/tree', '--strip-components=1',
             '-xf', tar], f'{partial}/log', f'unpacking {tar}')
        apply_patches(which, f'{partial}/tree')
        os.rename(f'{partial}/tree', folder)
        shutil.rmtree(partial)
        os.unlink(deb)
    return folder


def source_version(which):
    known = json.loads(read(os.path.join(cache(), 'resolved.json'), '{}'))
    return known.get(f'source-{which}', [None, None])[1]


def uml_name(kernel, smp):
    return 'uml-smp' if kernel == 'uml' and smp else kernel


def fragment_of(name):
    return ''.join(read(os.path.join(LAB_D, f'{part}.config'))
                   for part in UML[name])


def compiler():
    try:
        return subprocess.run(['gcc', '-dumpfullversion'], text=True,
                              stdout=subprocess.PIPE, check=True).stdout
    except (OSError, subprocess.CalledProcessError) as e:
        raise Error('there is no gcc: run scripts/setup') from e


def key_of(name):
    version = source_version('latest')
    if not version:
        return None
    text = '\n'.join([version, compiler(), fragment_of(name),
                      patch_key('latest')])
    return hashlib.sha256(text.encode()).hexdigest()


def folder_of(name):
    """A folder for each configuration, so that two versions of this tree do
    not rebuild each other's kernels. None while the source is unknown."""
    key = key_of(name)
    return os.path.join(cache('kernel'), f'{name}-{key[:8]}') if key else None


def folders_of(name):
    """The folders of all configurations, the last used first."""
    found = glob.glob(os.path.join(cache('kernel'), name + '-' + '[0-9a-f]' * 8))
    return sorted(found, key=last_used, reverse=True)


def last_used(folder):
    try:
        return os.stat(os.path.join(folder, 'key')).st_mtime
    except FileNotFoundError:
        return 0


def is_ready(name):
    folder = folder_of(name)
    return bool(folder) and read(os.path.join(folder, 'key')) == key_of(name)


def check_config(name, fragment, config):
    """Every option of the fragment must have survived Kconfig."""
    lines = set(config.splitlines())
    bad = []
    for option, value in re.findall(r'^(CONFIG_\w+)=(.*)$', fragment, re.M):
        if value == 'n':
            if any(line.startswith(f'{option}=') for line in lines):
                bad.append(f'{option} is set and should not be')
        elif f'{option}={value}' not in lines:
            bad.append(f'{option}={value} is not set')
    if bad:
        raise Error(f'the kernel refuses options of {name}: ' +
                    '; '.join(bad))


def configure(name, tree, folder):
    fragment = fragment_of(name)
    path = os.path.join(folder, 'fragment')
    write(path, fragment)
    run(['make', '-C', tree, f'O={folder}', 'ARCH=um',
         f'KCONFIG_ALLCONFIG={path}', 'allnoconfig'],
        os.path.join(folder, 'log'), f'configuring {name}')
    check_config(name, fragment, read(os.path.join(folder, '.config')))


def compile_with_progress(name, folder):
    """One line every half minute: how many files are compiled."""
    log = os.path.join(folder, 'log')
    start = time.monotonic()
    with open(log, 'ab') as file:
        child = subprocess.Popen(
            ['nice', 'make', f'-j{os.cpu_count() + 1}', 'ARCH=um', 'all'],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=file,
            stderr=subprocess.STDOUT)
        try:
            while True:
                try:
                    child.wait(30)
                    break
                except subprocess.TimeoutExpired:
                    done = len(re.findall(r'^  (?:CC|AS|LD) ', read(log), re.M))
                    say(f'building {name}: {done} files, '
                        f'{time.monotonic() - start:.0f} s')
        except BaseException:
            child.terminate()
            child.wait()
            raise
    return child.returncode


def start_folder(name, folder, tree):
    """A copy of a finished build with other options makes a short build."""
    if os.path.isdir(folder):
        return
    for donor in folders_of(name):
        if os.path.exists(f'{donor}/key') and read(f'{donor}/tree') == tree:
            partial = f'{folder}.partial'
            shutil.rmtree(partial, ignore_errors=True)
            run(['cp', '-a', donor, partial], os.path.join(
                cache('kernel'), 'log'), f'copying {donor}')
            os.unlink(f'{partial}/key')
            os.unlink(f'{partial}/Makefile')    # names its own folder
            os.rename(partial, folder)
            return
    os.makedirs(folder)
    write(f'{folder}/tree', tree)


def remove_unused(name, keep):
    """Builds of other configurations, but for the one used last."""
    others = [folder for folder in folders_of(name) if folder != keep]
    for folder in others[1:]:
        with lock(f'kernel-{os.path.basename(folder)}', wait=False) as locked:
            if locked:
                shutil.rmtree(folder)


def build_uml(name):
    """Folder of the finished build."""
    if is_ready(name):
        folder = folder_of(name)
        os.utime(os.path.join(folder, 'key'))
        return folder
    need(*BUILD_TOOLS)
    tree = source('latest')
    folder = folder_of(name)
    with lock(f'kernel-{os.path.basename(folder)}'):
        if is_ready(name):
            return folder
        check_space(cache('kernel'), 4000)
        start_folder(name, folder, tree)
        write(os.path.join(folder, 'log'), '')
        say(f'building the kernel {name} from {os.path.basename(tree)}; '
            f'minutes, once (log: {folder}/log)')
        start = time.monotonic()
        configure(name, tree, folder)
        if compile_with_progress(name, folder):
            run(['make', '-s', 'ARCH=um', 'all'], os.path.join(folder, 'log'),
                f'building {name}', cwd=folder)
        shutil.rmtree(f'{folder}/modules', ignore_errors=True)
        run(['make', '-s', 'ARCH=um', f'INSTALL_MOD_PATH={folder}/modules',
             'modules_install'], os.path.join(folder, 'log'),
            f'collecting the modules of {name}', cwd=folder)
        write(os.path.join(folder, 'key'), key_of(name))
        say(f'{name} is ready after {time.monotonic() - start:.0f} s')
        remove_unused(name, folder)
    return folder


def release(folder):
    """What uname -r says in that kernel."""
    return (read(os.path.join(folder, 'include/config/kernel.release')) or
            '').strip()
