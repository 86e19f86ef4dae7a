	.text
product:
	mov	x29, sp
	mov	w8, #16
.LBB0_1:
	ldr	q0, [x0], #16
	cnt	v0.16b, v0.16b
	str	q1, [sp, #32]
	cmp	w8, #3
	b.lo	.LBB0_3
	ldur	q1, [x29, #-16]
.LBB0_3:
	add	v1.16b, v1.16b, v0.16b
	subs	w8, w8, #1
	b.ne	.LBB0_1
	ret
