"""The register of one session: at the door, on paper, afterwards."""

from django.urls import path

from attendance.views import register, register_close, register_paper, register_phone

REGISTER = "sessions/<int:session>/register/"
urlpatterns = [
    path(f"{REGISTER}mark/", register.mark, name="register-mark"),
    path(REGISTER, register.show_register, name="register-show"),
    path(f"{REGISTER}walk-in/", register.add_walk_in, name="register-walk-in"),
    path(f"{REGISTER}senior/mark/", register.mark_senior, name="register-senior"),
    path(f"{REGISTER}senior/<int:senior>/undo/", register.undo_senior, name="register-senior-undo"),
    path(f"{REGISTER}sheet/", register_paper.print_sheet, name="register-sheet"),
    path(f"{REGISTER}type-in/", register_paper.type_sheet_in, name="register-type-in"),
    path(f"{REGISTER}register.csv", register_paper.export_register, name="register-export"),
    path(f"{REGISTER}phone/", register_phone.show_phone, name="register-phone"),
    path(f"{REGISTER}phone/rows/", register_phone.give_rows, name="register-phone-rows"),
    path(f"{REGISTER}phone/send/", register_phone.take_marks, name="register-phone-send"),
    path("register-worker.js", register_phone.give_worker, name="register-worker"),
    path(f"{REGISTER}close/", register_close.close, name="register-close"),
    path(f"{REGISTER}reopen/", register_close.reopen, name="register-reopen"),
    path(f"{REGISTER}walk-ins/", register_close.decide_walk_ins, name="register-walk-ins"),
]
