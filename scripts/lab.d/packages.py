# SPDX-License-Identifier: MIT
"""Debian packages of suites that the machine itself does not use.

apt works on a list, state and cache of its own inside the cache folder, so
the system's are never touched. The mirror is the one the machine already
has.
"""

import os
import re
import shutil
import subprocess
import sys

from common import Error, cache, check_space, lock, say, write

SUITES = ('bookworm', 'bookworm-backports', 'trixie', 'trixie-backports')
KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'


def apt_output(argv, env):
    # Two apt commands that build the same index at once see half of it.
    with lock('apt-command'):
        result = subprocess.run(argv, env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True)
    if result.returncode and re.search('resolv|onnect|Failed to fetch',
                                       result.stderr):
        raise Error('cannot reach the Debian mirror: check the network and '
                    'run it again')
    if result.returncode:
        sys.stderr.write(result.stderr)
        raise Error(f'{argv[0]} failed; what it said stands above')
    return result.stdout


def mirror():
    """The address from which this machine gets Debian itself."""
    system = {k: v for k, v in os.environ.items() if k != 'APT_CONFIG'}
    text = apt_output(['apt-get', 'indextargets', '--format',
                       '$(REPO_URI) $(ORIGIN) $(CODENAME)'], env=system)
    found = None
    for line in text.splitlines():
        uri, _, rest = line.partition(' ')
        origin, _, codename = rest.rpartition(' ')
        if origin == 'Debian' and 'security' not in codename:
            found = found or uri
    if not found:
        raise Error('apt knows no Debian mirror: run apt-get update first')
    return found.rstrip('/')


def environment():
    """APT_CONFIG for the private apt; its lists are fetched once."""
    folder = cache('apt')
    config = os.path.join(folder, 'apt.conf')
    env = dict(os.environ, APT_CONFIG=config, LC_ALL='C.UTF-8')
    with lock('apt'):
        if os.path.exists(os.path.join(folder, 'ready')):
            return env
        check_space(folder, 500)
        say('looking up what kernels Debian has')
        for part in ('state/lists/partial', 'cache/archives/partial', 'etc'):
            cache('apt', part)
        uri = mirror()
        write(os.path.join(folder, 'sources.list'), ''.join(
            f'deb [signed-by={KEYRING}] {uri} {suite} main\n'
            for suite in SUITES))
        write(config, f'''\
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "{folder}/etc";
Dir::Etc::preferencesparts "{folder}/etc";
Dir::State "{folder}/state";
Dir::State::status "/var/lib/dpkg/status";
Dir::Cache "{folder}/cache";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Sandbox::User "";
''')
        apt_output(['apt-get', '-o', 'APT::Update::Error-Mode=any', 'update'],
                   env=env)
        write(os.path.join(folder, 'ready'), '')
    return env


def version_key(text):
    return [int(part) for part in re.findall(r'\d+', text)]


def is_newer(a, b):
    return not subprocess.run(['dpkg', '--compare-versions', a, 'gt', b]
                              ).returncode


def newest_source():
    """Name of the newest linux-source-* in any of the suites."""
    names = re.findall(r'^(linux-source-[0-9.]+) ', apt_output(
        ['apt-cache', 'search', '--names-only', '^linux-source-[0-9.]+$'],
        env=environment()), re.M)
    if not names:
        raise Error('apt offers no linux-source package')
    return max(names, key=version_key)


def candidates(package):
    """[(version, suite)] of a package, newest first."""
    found = []
    for line in apt_output(['apt-cache', 'madison', package],
                           env=environment()).splitlines():
        fields = [field.strip() for field in line.split('|')]
        suite = fields[2].split()[1].split('/')[0]
        if fields[2].split()[-1] == 'Packages':
            found.append((fields[1], suite))
    if not found:
        raise Error(f'apt offers no package {package}')
    return found


def newest(package, suite=None):
    """Newest version of the package (in one suite)."""
    best = None
    for version, where in candidates(package):
        if suite in (None, where) and (not best or is_newer(version, best)):
            best = version
    if not best:
        raise Error(f'{suite} has no package {package}')
    return best


def depends(package, version):
    """The packages that this one depends on, without alternatives."""
    text = apt_output(['apt-cache', 'show', f'{package}={version}'],
                      env=environment())
    match = re.search(r'^Depends: (.*)$', text, re.M)
    return [re.split(r'[ (|:]', entry.strip())[0]
            for entry in (match.group(1).split(',') if match else [])]


def fetch(package, version):
    """Path of the downloaded .deb."""
    folder = cache('packages')
    env = environment()
    uris = apt_output(['apt-get', 'download', '--print-uris',
                       f'{package}={version}'], env=env)
    name = uris.split()[1]
    path = os.path.join(folder, name)
    with lock(f'package-{package}'):
        if os.path.exists(path):
            return path
        size = int(uris.split()[2])
        check_space(folder, 2 * (size >> 20) + 100)
        say(f'fetching {package} {version} ({max(size >> 20, 1)} MB)')
        partial = cache('packages', f'partial-{package}')
        # apt checks size and hash before the file has its name.
        with lock('apt-command'):
            result = subprocess.run(
                ['apt-get', '-q', 'download', f'{package}={version}'], env=env,
                cwd=partial, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL)
        if result.returncode:
            raise Error(f'cannot fetch {package}: is the network there, and '
                        f'room in {folder}?')
        os.rename(os.path.join(partial, name), path)
        shutil.rmtree(partial)
    return path


def safe(version):
    """A version as part of a folder's name."""
    return re.sub(r'[^A-Za-z0-9.-]', '-', version)


def forget():
    """Next time the suites are asked again for what is newest."""
    path = os.path.join(cache('apt'), 'ready')
    if os.path.exists(path):
        os.unlink(path)


def unpack(deb, folder):
    os.makedirs(folder, exist_ok=True)
    result = subprocess.run(['dpkg-deb', '-x', deb, folder],
                            stderr=subprocess.PIPE, text=True)
    if result.returncode:
        raise Error(f'cannot unpack {deb}: {result.stderr.strip()}')
