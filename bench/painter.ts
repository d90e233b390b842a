/**
 * A guest that paints: one boot sector that takes the screen to 1280x800 pixels of 256 colours and
 * draws a picture of all of them. It waits for keys: `f` makes it give every colour another value at
 * each tick of a 100 Hz timer, or stops that; any other key turns over the colours of 32x32 pixels
 * in the corner. So all pixels of the screen change, as in a film that fills it, and it costs the
 * guest next to nothing: what is measured is the way of the picture and not the guest. It stays in one
 * frame buffer: QEMU 7.2 drops what it is about to send whenever a guest turns to another one
 * (ui/vnc.c, vnc_dpy_switch), so turning pages measures how often that happens, and no viewer.
 * Registers: QEMU's docs/specs/standard-vga.rst.
 *
 *   7c00  cli; xor ax, ax; mov ds, ax; mov es, ax; mov ss, ax; mov sp, 0x7c00
 *   7c0c  mov si, 0x7cde; until 0x61 was written: out 0x1ce, a word; out 0x1cf, the next    ; off, 1280, 800, 8 bits, on with colours of 8 bits
 *   7c20  di = 0x8000; for bx from 0 to 511: stosb bl; stosb bx * 3; stosb not bl           ; the colours, twice
 *   7c38  es = 0xa000; bx = x, cx = y, both 0; for bp from 0 to 15: out 0x1ce, 5; out 0x1cf, bp
 *   7c4f  xor di, di; until di is 0 again: stosb bl ^ cl; inc bx; at 1280: xor bx, bx; inc cx  ; the picture, bank by bank
 *   7c6a  out 0x43, 0x34; out 0x40, 0x9c; out 0x40, 0x2e                                    ; 100 Hz
 *   7c76  xor bp, bp; xor di, di; call colours; sti
 *   7c7e  hlt; int 0x16 (ah=1); jz tick; int 0x16 (ah=0)                                    ; wait:
 *   7c89  cmp al, 'f'; jne spot; xor bp, 1; jmp wait
 *   7c92  out 0x1ce, 5; out 0x1cf, 0; 32 times: 8 times not dword es:[di], one row on; jmp wait  ; spot:
 *   7cb9  test bp, bp; jz wait; add di, 24; at 768: xor di, di; call colours; jmp wait      ; tick:
 *   7ccd  out 0x3c8, 0; mov dx, 0x3c9; lea si, [di + 0x8000]; mov cx, 768; rep outsb; ret   ; colours:
 *   7cde  what goes to 0x1ce and 0x1cf
 */

const code =
  'fa31c08ed88ec08ed0bc007cbede7cad89c3ad93bace01ef9342ef83f86175efbf008031db88d8aa6bc303aa88d8f6d0aa4381fb000272edfcb800a0' +
  '8ec031ed31db31c9bace01b80500ef4289e8ef31ff88d830c8aa4381fb0005720331db4185ff75ed4583fd1072dab034e643b09ce640b02ee64031ed' +
  '31ffe85000fbf4b401cd167434b400cd163c66750583f501ebec57bace01b80500ef4231c0ef31ffba2000b908002666f71583c704e2f781c7e0044a' +
  '75ed5febc585ed74c183c71881ff0003720231ffe80200ebb1bac80331c0ee428db50080b90003f36ec3040000000100000502002003030008000400' +
  '6100'

export const painted = { width: 1280, height: 800 } as const
/** Any key but this one turns the corner over. */
export const flipKey = 'f'

/** The guest as the image of a whole disk. */
export function painterDisk(): Uint8Array {
  const disk = new Uint8Array(1024 * 1024)
  disk.set(Buffer.from(code, 'hex'))
  disk.set([0x55, 0xaa], 510)
  return disk
}
