"""What happens to questionnaires and answers: one module for the questions, one for each way of answering."""
