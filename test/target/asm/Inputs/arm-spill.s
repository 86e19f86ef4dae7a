	.text
product:
	add	r4, sp, #64
.LBB0_1:
	vld1.32	{d0, d1}, [r0:128]!
	add	r1, sp, #288
	vstmia	r1, {d6, d7}
	vcnt.8	q0, q0
	sub	r1, r3, #96
	vld1.32	{d24[], d25[]}, [r1:32]
	add	r1, sp, #288
	vldmia	r1, {d6, d7}
	vadd.i8	q3, q0, q3
	subs	r2, r2, #1
	bne	.LBB0_1
	bx	lr
