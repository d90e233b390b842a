/**
 * A guest that paints: one boot sector that takes the screen to 1280x800 with 32 bits a pixel and
 * draws two pictures, one below the other, that differ in every pixel. It waits for keys: `f` makes
 * it show the one and the other in turns, at each tick of a 100 Hz timer, or stops that; any other
 * key turns over the colours of 32x32 pixels in the corner. Changing the whole screen costs it one
 * write to a port (Y offset of the Bochs display interface, QEMU's docs/specs/standard-vga.rst), so
 * what is measured is the way of the picture and not the guest.
 *
 *   7c00  cli; xor ax, ax; mov ds, ax; mov es, ax; mov ss, ax; mov sp, 0x7c00
 *   7c0c  mov ax, 0x4f01; mov cx, 0x17a; mov di, 0x8000; int 0x10   ; VBE: where the frame buffer lies
 *   7c17  mov ax, 0x4f02; mov bx, 0x417a; int 0x10                  ; VBE: 1280x800, 32 bits
 *   7c1f  lgdt [0x7cec]; es gets a limit of 4 GiB in protected mode and keeps it in real mode
 *   7c3a  mov edi, [0x8028]; xor edx, edx
 *   7c42  xor ecx, ecx                                              ; row:
 *   7c45  eax = ((ecx ^ edx) << 8 | cl) + (edx << 16)               ; pixel:
 *   7c5b  cmp dx, 800; jb keep; not eax
 *   7c64  mov es:[edi], eax; add edi, 4; inc cx; cmp cx, 1280; jb pixel
 *   7c74  inc dx; cmp dx, 1600; jb row
 *   7c7b  out 0x43, 0x34; out 0x40, 0x9c; out 0x40, 0x2e            ; 100 Hz
 *   7c87  mov edi, [0x8028]; xor bp, bp; xor si, si; sti
 *   7c91  hlt; int 0x16 (ah=1); jz tick; int 0x16 (ah=0)            ; wait:
 *   7c9c  cmp al, 'f'; jne spot; xor bp, 1; jmp wait
 *   7ca5  edi = [0x8028]; 32 times: 32 times not es:[edi], one row on; jmp wait   ; spot:
 *   7cc7  test bp, bp; jz wait; xor si, 800; out 0x1ce, 9; out 0x1cf, si; jmp wait ; tick:
 *   7cdc  the descriptor table, and where it lies
 */

const code =
  'fa31c08ed88ec08ed0bc007cb8014fb97a01bf0080cd10b8024fbb7a41cd100f0116ec7c0f20c00c010f22c0bb08008ec324fe0f22c031c08ec0668b3e2880' +
  '6631d26631c96689c86631d066c1e00888c86689d366c1e3106601d881fa2003720366f7d026676689076683c7044181f9000572d14281fa400672c7' +
  'b034e643b09ce640b02ee640668b3e288031ed31f6fbf4b401cd16742f30e4cd163c66750583f501ebec668b3e2880ba2000b92000266766f7176683c704' +
  'e2f56681c7801300004a75e8ebca85ed74c681f62003bace01b80900ef4289f0efebb50000000000000000ffff00000092cf000f00dc7c0000'

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
