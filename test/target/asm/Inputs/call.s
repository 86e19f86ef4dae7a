	.text
product:
	movl	$16, %ebx
.LBB0_1:
	vpopcntd	%zmm0, %zmm0
	callq	memset@PLT
	decl	%ebx
	jne	.LBB0_1
	retq
