/**
 * The programs Mayfly needs from the system, how to see that each is there, and what it is called
 * in each family of packages. Presence is told by the program or file itself, never by the package
 * database: that is fast, and right also for a QEMU somebody built.
 */

/**
 * @typedef {'apt' | 'dnf' | 'pacman' | 'zypper'} Family
 * @typedef {object} Need
 * @property {string} what what it is for, in words for people
 * @property {readonly string[]} [programs] it is there when one of these is in the PATH
 * @property {readonly string[]} [files] or when one of these exists
 * @property {Readonly<Record<Family, readonly string[]>>} packages empty where a family has none
 * @property {boolean} [wished] Mayfly does without: installed along with others, never a reason to stop
 * @property {string} [replacedBy] an environment variable that, when set, names the user's own
 */

/** @type {readonly Need[]} */
export const systemNeeds = [
  {
    what: 'QEMU, which runs the machines',
    programs: ['qemu-system-x86_64', 'qemu-kvm'],
    files: ['/usr/libexec/qemu-kvm'],
    replacedBy: 'MAYFLY_QEMU',
    packages: {
      apt: ['qemu-system-x86'],
      dnf: ['qemu-kvm'],
      pacman: ['qemu-desktop'],
      zypper: ['qemu-x86', 'qemu-hw-display-virtio-vga', 'qemu-hw-display-virtio-gpu', 'qemu-hw-display-virtio-gpu-pci'],
    },
  },
  {
    what: 'qemu-img, which makes and checks disk images',
    programs: ['qemu-img'],
    packages: { apt: ['qemu-utils'], dnf: ['qemu-img'], pacman: ['qemu-img'], zypper: ['qemu-img'] },
  },
  {
    what: 'UEFI firmware',
    files: [
      '/usr/share/OVMF/OVMF_CODE_4M.fd', '/usr/share/OVMF/OVMF_CODE.fd', '/usr/share/edk2/ovmf/OVMF_CODE.fd',
      '/usr/share/edk2/x64/OVMF_CODE.4m.fd', '/usr/share/edk2-ovmf/x64/OVMF_CODE.fd', '/usr/share/qemu/ovmf-x86_64-code.bin',
    ],
    packages: { apt: ['ovmf'], dnf: ['edk2-ovmf'], pacman: ['edk2-ovmf'], zypper: ['qemu-ovmf-x86_64'] },
  },
  {
    what: 'a TPM for machines that want one',
    programs: ['swtpm'],
    packages: { apt: ['swtpm'], dnf: ['swtpm'], pacman: ['swtpm'], zypper: ['swtpm'] },
  },
  {
    what: "the TPM's set-up",
    programs: ['swtpm_setup'],
    packages: { apt: ['swtpm-tools'], dnf: ['swtpm-tools'], pacman: ['swtpm'], zypper: ['swtpm'] },
  },
  {
    what: "a C compiler for Mayfly's native parts",
    programs: ['cc'],
    packages: { apt: ['gcc'], dnf: ['gcc'], pacman: ['gcc'], zypper: ['gcc'] },
  },
  {
    what: 'the C library to compile against',
    files: ['/usr/include/stdio.h'],
    packages: { apt: ['libc6-dev'], dnf: ['glibc-devel'], pacman: ['glibc'], zypper: ['glibc-devel'] },
  },
  {
    what: 'a small static C library for the program Mayfly puts into guests',
    programs: ['musl-gcc'],
    wished: true,
    packages: { apt: ['musl-tools'], dnf: ['musl-gcc'], pacman: ['musl'], zypper: [] },
  },
  {
    what: 'xz, to unpack kernels',
    programs: ['xz'],
    packages: { apt: ['xz-utils'], dnf: ['xz'], pacman: ['xz'], zypper: ['xz'] },
  },
  {
    what: 'zstd, for the kernels of systems that pack them so',
    programs: ['zstd'],
    wished: true,
    packages: { apt: ['zstd'], dnf: ['zstd'], pacman: ['zstd'], zypper: ['zstd'] },
  },
]

/** Needed only to run the tests. @type {readonly Need[]} */
export const testNeeds = [
  {
    what: 'Chromium, in which the browser face is tested',
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    replacedBy: 'MAYFLY_CHROMIUM',
    packages: { apt: ['chromium'], dnf: ['chromium'], pacman: ['chromium'], zypper: ['chromium'] },
  },
  {
    what: 'Xvfb, a display for the windows of tests',
    programs: ['Xvfb'],
    packages: { apt: ['xvfb'], dnf: ['xorg-x11-server-Xvfb'], pacman: ['xorg-server-xvfb'], zypper: ['xorg-x11-server-Xvfb'] },
  },
  {
    what: 'unzip, for the Electron of the tests',
    programs: ['unzip'],
    packages: { apt: ['unzip'], dnf: ['unzip'], pacman: ['unzip'], zypper: ['unzip'] },
  },
  {
    what: 'what Electron needs and Chromium does not',
    files: ['/usr/lib/x86_64-linux-gnu/libXss.so.1', '/usr/lib64/libXss.so.1', '/usr/lib/libXss.so.1'],
    packages: { apt: ['libxss1'], dnf: ['libXScrnSaver'], pacman: ['libxss'], zypper: ['libXss1'] },
  },
  {
    what: 'xmllint, by which test reports for other tools are checked',
    programs: ['xmllint'],
    packages: { apt: ['libxml2-utils'], dnf: ['libxml2'], pacman: ['libxml2'], zypper: ['libxml2-tools'] },
  },
  {
    what: 'setpriv, which runs the tests as an ordinary user',
    programs: ['setpriv'],
    packages: { apt: ['util-linux'], dnf: ['util-linux'], pacman: ['util-linux'], zypper: ['util-linux'] },
  },
  {
    what: 'useradd, which makes that user',
    programs: ['useradd'],
    packages: { apt: ['passwd'], dnf: ['shadow-utils'], pacman: ['shadow'], zypper: ['shadow'] },
  },
]
