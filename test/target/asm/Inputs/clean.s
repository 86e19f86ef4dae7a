	.text
	.type	product,@function
product:
	pushq	%rbp
	movq	%rdi, -8(%rsp)          # outside of the loops
	xorl	%eax, %eax
.LBB0_1:                                # the outer loop calls, the inner one does not
	callq	other
	xorl	%ecx, %ecx
.LBB0_2:
	vpopcntd	(%rbp,%rcx), %zmm1      # %rbp is an ordinary register here
	vpaddd	%zmm1, %zmm0, %zmm0
	addq	$64, %rcx
	cmpq	$640, %rcx
	jne	.LBB0_2
	incq	%rax
	cmpq	%rsi, %rax
	jb	.LBB0_1
	popq	%rbp
	retq
.Lfunc_end0:
	.size	product, .Lfunc_end0-product
