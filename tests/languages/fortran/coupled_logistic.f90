! Three logistic maps coupled on a ring, in Fortran; table.c describes them to the host.
!
!     x_i' = (1 - c) f(x_i) + c/2 (f(x_i-1) + f(x_i+1)),     f(x) = r x (1 - x)
!
! Kaneko, "Period-doubling of kink-antikink patterns, quasiperiodicity in antiferro-like structures
! and spatial intermittency in coupled logistic lattice", Prog. Theor. Phys. 72, 480 (1984).
!
!   x [S,3]   theta = (r, c) [2]
module coupled_logistic
  use, intrinsic :: iso_c_binding
  implicit none
  private

  integer, parameter :: n = 3, p = 2

  ! dk_input and dk_output of dynkit/model.h
  type, bind(c) :: dk_array
    type(c_ptr) :: data
    integer(c_int64_t) :: stride
  end type

  type, bind(c) :: dk_points
    integer(c_int64_t) :: count
    integer(c_int32_t) :: layout
    type(dk_array) :: t, h, x, u, theta
    type(c_ptr) :: scratch, prepared, tape
  end type

  type, bind(c) :: dk_tangents
    integer(c_int64_t) :: count
    type(dk_array) :: x, u, theta
  end type

contains

  function coupled_logistic_eval(model, points, out, error) bind(c) result(status)
    type(c_ptr), value :: model, error
    type(dk_points), intent(in) :: points
    type(dk_array), intent(in) :: out
    integer(c_int32_t) :: status
    integer(c_int64_t) :: s
    real(c_double), pointer, contiguous :: x(:), theta(:), next(:)
    real(c_double) :: f(n)

    do s = 0, points%count - 1
      x => row(points%x, s, int(n, c_int64_t))
      theta => row(points%theta, s, int(p, c_int64_t))
      next => row(out, s, int(n, c_int64_t))
      f = theta(1) * x * (1 - x)
      call couple(theta(2), f, next)
    end do
    status = 0
  end function

  ! With f_dot = r (1 - 2 x) x_dot + r_dot x (1 - x) for each site:
  !     x'_dot_i = (1 - c) f_dot_i + c/2 (f_dot_i-1 + f_dot_i+1)
  !                + c_dot (-f_i + (f_i-1 + f_i+1) / 2)
  function coupled_logistic_jvp(model, points, tangents, out, error) bind(c) result(status)
    type(c_ptr), value :: model, error
    type(dk_points), intent(in) :: points
    type(dk_tangents), intent(in) :: tangents
    type(dk_array), intent(in) :: out
    integer(c_int32_t) :: status
    integer(c_int64_t) :: s, k
    real(c_double), pointer, contiguous :: x(:), theta(:), next_dot(:), v(:)
    real(c_double) :: f(n), all_coupled(n), f_dot(n), v_dot(n), c_dot

    do s = 0, points%count - 1
      x => row(points%x, s, int(n, c_int64_t))
      theta => row(points%theta, s, int(p, c_int64_t))
      next_dot => row(out, s, tangents%count * n)
      f = theta(1) * x * (1 - x)
      call couple(1.0_c_double, f, all_coupled)
      do k = 0, tangents%count - 1
        f_dot = 0
        c_dot = 0
        if (c_associated(tangents%x%data)) then
          v => row(tangents%x, s, tangents%count * n)
          f_dot = theta(1) * (1 - 2 * x) * v(k * n + 1:k * n + n)
        end if
        if (c_associated(tangents%theta%data)) then
          v => row(tangents%theta, s, tangents%count * p)
          f_dot = f_dot + v(k * p + 1) * x * (1 - x)
          c_dot = v(k * p + 2)
        end if
        call couple(theta(2), f_dot, v_dot)
        next_dot(k * n + 1:k * n + n) = v_dot + c_dot * (all_coupled - f)
      end do
    end do
    status = 0
  end function

  ! Each site keeps 1 - c of its own and takes c/2 from each neighbor. Linear in f.
  pure subroutine couple(c, f, mixed)
    real(c_double), intent(in) :: c, f(n)
    real(c_double), intent(out) :: mixed(n)
    integer :: i

    do i = 1, n
      mixed(i) = (1 - c) * f(i) + c / 2 * (f(modulo(i - 2, n) + 1) + f(modulo(i, n) + 1))
    end do
  end subroutine

  ! `size` numbers of sample s, which starts `stride` doubles after the one before it.
  function row(array, s, size) result(numbers)
    type(dk_array), intent(in) :: array
    integer(c_int64_t), intent(in) :: s, size
    real(c_double), pointer, contiguous :: numbers(:)
    real(c_double), pointer, contiguous :: all(:)

    call c_f_pointer(array%data, all, [s * array%stride + size])
    numbers => all(s * array%stride + 1:)
  end function
end module
